//! What the tests of kinds share: a small scenario around a fragment.

use std::path::Path;

use super::{Failure, Loaded, Source, load_text, show_plan};

/// A region with zones a, b and c, and a backend in each.
pub(super) const ZONES: &str = r#"
[region.r]
[zone.a]
region = "r"
[zone.b]
region = "r"
[zone.c]
region = "r"
[backend.app]
zones = ["a", "b", "c"]
bandwidth = "10 Gbps"
service = "1 ms"
"#;

/// An endpoint service of the given product in zones a and b, on top of [`ZONES`].
pub(super) fn service(product: &str) -> String {
    format!(
        "{ZONES}[load_balancer.lb]\ntype = \"{product}\"\nzones = [\"a\", \"b\"]\n\
         backend = \"app\"\n[endpoint_service.svc]\nload_balancer = \"lb\"\n"
    )
}

/// Loads a fragment with one workload over `path`.
pub(super) fn load(fragment: &str, path: &str) -> Result<Loaded, String> {
    let text = format!(
        "version = 1\n{fragment}\n[workload.w]\npath = [{path}]\n\
         arrivals = {{ poisson = {{ rate = \"1/s\" }} }}\nrequest = \"1 kB\"\n\
         response = \"1 kB\"\n"
    );
    let source = Source { path: "t.toml".into(), text };
    load_text(source, Path::new("."), &[]).map_err(|failure| match failure {
        Failure::Refused { .. } => failure.to_string(),
        Failure::Io { .. } => panic!("{failure}"),
    })
}

/// The tree of the workload's route.
pub(super) fn lowered(fragment: &str, path: &str) -> String {
    let loaded = load(fragment, path).unwrap_or_else(|said| panic!("{said}"));
    let shown = show_plan(&loaded.plan);
    let tree = shown.split_once("route workload.w\n").expect("the path has a route").1;
    tree.lines().take_while(|l| l.starts_with(' ')).map(|l| format!("{}\n", &l[2..])).collect()
}

/// Codes of everything said, errors included; that nothing serves at the end of the short paths of
/// these tests goes without saying.
pub(super) fn codes(fragment: &str, path: &str) -> Vec<String> {
    let mut all = all_codes(fragment, path);
    all.retain(|code| code != "path");
    all
}

/// Codes of everything said.
pub(super) fn all_codes(fragment: &str, path: &str) -> Vec<String> {
    match load(fragment, path) {
        Ok(loaded) => loaded.diagnostics.iter().map(|d| d.code.to_owned()).collect(),
        Err(said) => said
            .lines()
            .filter_map(|l| l.split_once('[').filter(|s| s.0 == "error" || s.0 == "warning"))
            .filter_map(|(_, rest)| Some(rest.split_once(']')?.0.to_owned()))
            .collect(),
    }
}

/// The value and mark of an assumption.
pub(super) fn assumed(fragment: &str, path: &str, parameter: &str) -> Option<(String, String)> {
    let loaded = load(fragment, path).unwrap_or_else(|said| panic!("{said}"));
    let found = loaded.plan.assumptions.into_iter().find(|a| a.parameter == parameter)?;
    Some((found.value, found.confidence))
}

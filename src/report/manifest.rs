//! `manifest.toml`: what lies in the folder and how to make it again.

use std::fmt::Write as _;

use super::escape::toml_string;
use crate::measure::{Identity, Results};

/// What lies in an output folder and how to make it again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// Version of highwater.
    pub version: String,
    /// Short name of the scenario.
    pub scenario: String,
    /// Hash of the resolved scenario.
    pub scenario_hash: String,
    /// Root seed.
    pub seed: u64,
    /// Replications in the results.
    pub replications: u64,
    /// The command that made it, word by word.
    pub command_line: Vec<String>,
    /// The files beside it, in order of writing.
    pub files: Vec<FileSeen>,
}

/// One file of the folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileSeen {
    /// Inside the folder, with `/`.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// FNV-1a of 64 bits: tells damage, not an attack.
    pub digest: u64,
}

impl Manifest {
    pub(crate) fn new(results: &Results, command_line: &[String]) -> Self {
        let Identity { scenario, scenario_hash, version, seed, .. } = results.identity.clone();
        Self {
            version,
            scenario,
            scenario_hash,
            seed,
            replications: results.settings.replications.len() as u64,
            command_line: command_line.to_vec(),
            files: Vec::new(),
        }
    }

    /// The file's text.
    pub fn to_toml(&self) -> String {
        let words: Vec<String> = self.command_line.iter().map(|w| toml_string(w)).collect();
        let mut out = String::from("# What lies in this folder and how to make it again.\n");
        // The seed is text: TOML integers end at 2^63 - 1.
        write!(
            out,
            "version = {}\nscenario = {}\nscenario_hash = {}\nseed = \"{}\"\n\
             replications = {}\ncommand_line = [{}]\n",
            toml_string(&self.version),
            toml_string(&self.scenario),
            toml_string(&self.scenario_hash),
            self.seed,
            self.replications,
            words.join(", ")
        )
        .expect("writing to a String");
        for file in &self.files {
            write!(
                out,
                "\n[[file]]\npath = {}\nbytes = {}\nfnv1a64 = \"{:016x}\"\n",
                toml_string(&file.path),
                file.bytes,
                file.digest
            )
            .expect("writing to a String");
        }
        out
    }
}

/// The paths that a manifest lists. A path that we would not write (absolute, upwards, a strange
/// character) is left out: a forged manifest must not make us remove other files.
pub(crate) fn listed(text: &str) -> Vec<String> {
    let ours = |p: &&str| {
        p.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.~/".contains(&b))
            && p.split('/').all(|part| !part.is_empty() && !part.starts_with('.'))
    };
    text.lines()
        .filter_map(|l| l.strip_prefix("path = \"")?.strip_suffix('"'))
        .filter(ours)
        .map(Into::into)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_toml_and_lists_its_files() {
        let manifest = Manifest {
            version: "0.1.0".into(),
            scenario: "a \"b\"\n[x]".into(),
            seed: u64::MAX,
            command_line: vec!["highwater".into(), "run".into(), "a b.toml".into()],
            files: vec![FileSeen { path: "charts/x.svg".into(), bytes: 3, digest: 0xab }],
            ..Manifest::default()
        };
        let table: toml::Table = manifest.to_toml().parse().unwrap();
        assert_eq!(table["scenario"].as_str(), Some("a \"b\"\n[x]"));
        assert_eq!(table["seed"].as_str(), Some("18446744073709551615"));
        assert_eq!(table["command_line"].as_array().unwrap().len(), 3);
        assert_eq!(table["file"][0]["fnv1a64"].as_str(), Some("00000000000000ab"));
        assert_eq!(listed(&manifest.to_toml()), ["charts/x.svg"]);
    }

    #[test]
    fn a_forged_manifest_removes_nothing_elsewhere() {
        let text = "path = \"../x\"\npath = \"/etc/passwd\"\npath = \"a/../../b\"\npath = \"\"\n\
                    path = \"c:\\\\x\"\npath = \".ssh/key\"\npath = \"ok.csv\"\n";
        assert_eq!(listed(text), ["ok.csv"]);
    }
}

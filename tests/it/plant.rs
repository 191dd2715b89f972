//! Planted faults: what a scenario that breaks a rule is told, and that its clean twin is told nothing.
//! The faults themselves are in a file for each document: `planted`, `planted_circuits`, `planted_eas`, `planted_egress`.

use std::collections::BTreeSet;
use std::path::Path;

use highwater::scenario::{Diagnostic, Failure, Severity, Source, load_text, render};

/// A text to find and what stands in its place; after a mark, lines that are added.
pub(crate) type Edit = (&'static str, &'static str);

/// A rule, a clean twin, and the edit that breaks the rule.
pub(crate) struct Planted {
    pub(crate) row: &'static str,
    pub(crate) severity: Severity,
    pub(crate) clean: Vec<Edit>,
    pub(crate) fault: Edit,
    /// What the caret is under.
    pub(crate) at: &'static str,
    /// A part of the fix.
    pub(crate) fix: &'static str,
    /// The fix done, after which nothing is told; none where another test does it.
    pub(crate) mend: Option<Vec<Edit>>,
}

/// The faults of one document.
pub(crate) struct Bed {
    /// The scenario that all of them edit.
    pub(crate) base: &'static str,
    /// What every reason cites.
    pub(crate) document: &'static str,
    /// The code of a note that stands beside others' complaints.
    pub(crate) beside: Option<&'static str>,
    pub(crate) edit: fn(&str, Edit) -> String,
    pub(crate) planted: Vec<Planted>,
}

/// Does an edit at the first place where it fits.
pub(crate) fn apply(text: &str, (find, replace): Edit) -> String {
    assert!(text.contains(find), "nothing to edit: {find}");
    text.replacen(find, replace, 1)
}

/// All that a scenario is told.
pub(crate) fn said(text: &str) -> (Vec<Diagnostic>, Vec<Source>) {
    let source = Source { path: "planted.toml".into(), text: text.into() };
    match load_text(source, Path::new("scenarios"), &[]) {
        Ok(loaded) => (loaded.diagnostics, loaded.sources),
        Err(Failure::Refused { diagnostics, sources }) => (diagnostics, sources),
        Err(other) => panic!("{other}"),
    }
}

impl Bed {
    /// The clean twin of a case, and the scenario that breaks its rule.
    pub(crate) fn twins(&self, case: &Planted) -> (String, String) {
        let clean = case.clean.iter().fold(self.base.to_owned(), |t, edit| (self.edit)(&t, *edit));
        let broken = (self.edit)(&clean, case.fault);
        (clean, broken)
    }

    /// Every fault is found with its code at its place, with document and fix, and nothing else is;
    /// its clean twin raises nothing, and the fix ends it.
    pub(crate) fn check(&self) {
        let wrong: Vec<String> =
            self.planted.iter().filter_map(|case| self.fails(case).err()).collect();
        assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
    }

    fn fails(&self, case: &Planted) -> Result<(), String> {
        let row = case.row;
        let (clean, broken) = self.twins(case);
        let nothing = |text: &str, what: &str| match said(text) {
            (raised, _) if raised.is_empty() => Ok(()),
            (raised, sources) => {
                Err(format!("{row}: {what} raises\n{}", render(&raised, &sources, false)))
            }
        };
        nothing(&clean, "the clean twin")?;
        let (mut raised, sources) = said(&broken);
        let beside = self.beside == Some(row);
        raised.retain(|d| beside || Some(d.code) != self.beside);
        let shown = || render(&raised, &sources, false);
        let Some(found) = raised.iter().find(|d| d.code == row) else {
            return Err(format!("{row}: not found\n{}", shown()));
        };
        let at = &broken[found.place.start as usize..found.place.end as usize];
        let help = found.help.as_deref().unwrap_or("");
        let good = raised.len() == 1 + usize::from(beside)
            && found.severity == case.severity
            && at == case.at
            && found.reason.as_deref().unwrap_or("").contains(self.document)
            && help.contains(case.fix)
            && !(help.is_empty() && found.label.is_empty());
        if !good {
            return Err(format!("{row}: at `{at}`\n{}", shown()));
        }
        let Some(mend) = &case.mend else { return Ok(()) };
        let mended = mend.iter().fold(broken, |text, edit| (self.edit)(&text, *edit));
        nothing(&mended, "the mended scenario")
    }

    /// The rows that are broken.
    pub(crate) fn rows(&self) -> BTreeSet<&'static str> {
        self.planted.iter().map(|case| case.row).collect()
    }
}

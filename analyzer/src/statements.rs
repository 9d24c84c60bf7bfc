//! Places that belong to one statement of the source.

use lockhound_trace::{SiteId, SourcePlace, Tables};
use rustc_hash::FxHashMap;

/// A statement of the source: `file:line` of a site `file:line:col`, and a site of any other form itself. All accesses
/// without a site share one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct StatementId(u32);

impl StatementId {
    /// The one of all accesses whose site was not recorded.
    pub(crate) const UNKNOWN: Self = Self(0);
}

/// Which statement every site belongs to; each site's text is looked at once.
#[derive(Debug, Default)]
pub(crate) struct Statements {
    by_site: Vec<Option<StatementId>>,
    by_text: FxHashMap<String, StatementId>,
}

impl Statements {
    /// The statement that `site` belongs to.
    pub(crate) fn of(&mut self, tables: &Tables, site: Option<SiteId>) -> StatementId {
        let Some(site) = site else { return StatementId::UNKNOWN };
        if let Some(&Some(known)) = self.by_site.get(site.index()) {
            return known;
        }
        let next = StatementId(u32::try_from(self.by_text.len() + 1).expect("no more statements than sites"));
        let statement = *self.by_text.entry(without_column(tables.site(site))).or_insert(next);
        if self.by_site.len() <= site.index() {
            self.by_site.resize(site.index() + 1, None);
        }
        self.by_site[site.index()] = Some(statement);
        statement
    }
}

/// `a.rs:7` of `a.rs:7:25`; all of a site of another form.
fn without_column(site: &str) -> String {
    SourcePlace::parse(site).map_or_else(|| site.to_owned(), |place| format!("{}:{}", place.file, place.line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_a_file_and_a_line() {
        let mut tables = Tables::default();
        let sites = ["a.rs:7:5", "a.rs:7:25", "a.rs:8:5", "T1:7", "T1:8", "C:7:5", "7"];
        let sites = sites.map(|site| Some(tables.intern_site(site)));
        let mut statements = Statements::default();
        let of = sites.map(|site| statements.of(&tables, site));
        assert_eq!(of[0], of[1]);
        assert_ne!(of[0], of[2]);
        assert_ne!(of[3], of[4], "`name:number` has no column to take away");
        assert_eq!(statements.of(&tables, sites[2]), of[2]);
        assert_eq!(statements.of(&tables, None), StatementId::UNKNOWN);
        assert!(!of.contains(&StatementId::UNKNOWN));
    }
}

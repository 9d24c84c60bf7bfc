//! Places in the source, as traces write them.

/// A place that a trace names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Site<'a> {
    /// `file:line:col`, both counted from 1, the column in characters.
    Code { file: &'a str, line: usize, column: usize },
    /// Anything else: the trace's author knows what it means.
    Other(&'a str),
}

impl<'a> Site<'a> {
    pub(crate) fn parse(text: &'a str) -> Self {
        Self::code(text).unwrap_or(Self::Other(text))
    }

    fn code(text: &'a str) -> Option<Self> {
        let (rest, column) = text.rsplit_once(':')?;
        let (file, line) = rest.rsplit_once(':')?;
        let (line, column) = (line.parse().ok()?, column.parse().ok()?);
        (!file.is_empty() && line > 0 && column > 0).then_some(Self::Code { file, line, column })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_has_a_file_a_line_and_a_column() {
        let code = |file, line, column| Site::Code { file, line, column };
        assert_eq!(Site::parse("src/bank.rs:7:25"), code("src/bank.rs", 7, 25));
        assert_eq!(Site::parse(r"C:\src\bank.rs:7:25"), code(r"C:\src\bank.rs", 7, 25));
        for other in ["src/bank.rs:7", "bank.rs:0:1", "bank.rs:1:0", ":1:1", "17", "", "a:b:c"] {
            assert_eq!(Site::parse(other), Site::Other(other));
        }
    }
}

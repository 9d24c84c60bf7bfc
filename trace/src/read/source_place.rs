//! Places in source code, as sites name them.

/// What a site says that has the form `file:line:col`, as recorders write it. Traces may have sites of any other form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SourcePlace<'a> {
    /// The path of the file, as the compiler wrote it.
    pub file: &'a str,
    /// Counted from 1; 0 where the recorder knows none.
    pub line: u32,
    /// Counted from 1, in characters; 0 where the recorder knows none.
    pub column: u32,
}

impl<'a> SourcePlace<'a> {
    /// None if the site has another form.
    ///
    /// ```
    /// use lockhound_trace::SourcePlace;
    ///
    /// let place = SourcePlace::parse(r"C:\src\bank.rs:7:25");
    /// assert_eq!(place, Some(SourcePlace { file: r"C:\src\bank.rs", line: 7, column: 25 }));
    /// assert_eq!(SourcePlace::parse("T1:7"), None);
    /// ```
    #[must_use]
    pub fn parse(site: &'a str) -> Option<Self> {
        let (rest, column) = site.rsplit_once(':')?;
        let (file, line) = rest.rsplit_once(':')?;
        let (line, column) = (line.parse().ok()?, column.parse().ok()?);
        (!file.is_empty()).then_some(Self { file, line, column })
    }
}

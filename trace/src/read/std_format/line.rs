//! One line of STD text.

/// What a line says, in its own words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct StdLine<'a> {
    pub(super) thread: &'a str,
    pub(super) op: StdOp<'a>,
    /// Everything behind the operation, `|` included; none if there is nothing.
    pub(super) location: Option<&'a str>,
}

/// The operations of STD with their operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum StdOp<'a> {
    Read(&'a str),
    Write(&'a str),
    /// An unconditional update (fetch-and-add, swap); an extension.
    Update(&'a str),
    Acquire(&'a str),
    Release(&'a str),
    /// A mere request for a lock.
    Request(&'a str),
    Fork(&'a str),
    Join(&'a str),
    Begin(Option<&'a str>),
    End(Option<&'a str>),
}

/// What is wrong with a line, and at which byte.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Malformed {
    pub(super) offset: usize,
    pub(super) message: String,
}

/// Takes a line without its line feed apart.
///
/// Operands may contain anything but `)` before a `|`: other tools write names such as `java.lang.Object@abc[3].f(x)`.
pub(super) fn parse(line: &str) -> Result<StdLine<'_>, Malformed> {
    let malformed = |offset, message: String| Malformed { offset, message };
    let bytes = line.as_bytes();
    let find = |from: usize, what: u8| bytes[from..].iter().position(|&byte| byte == what).map(|found| from + found);
    let Some(bar) = find(0, b'|') else {
        return Err(malformed(0, "expected `thread|op(operand)|location`".to_owned()));
    };
    let thread = line[..bar].trim_ascii();
    if thread.is_empty() {
        return Err(malformed(0, "expected a thread before `|`".to_owned()));
    }
    let start = bar + 1;
    let next_bar = find(start, b'|').unwrap_or(bytes.len());
    let open = bytes[start..next_bar].iter().position(|&byte| byte == b'(').map(|found| start + found);
    let (word, operand, end) = match open {
        None => (&line[start..next_bar], None, next_bar),
        Some(open) => {
            let Some(close) = closing(bytes, open + 1) else {
                return Err(malformed(bytes.len(), "expected `)`".to_owned()));
            };
            (&line[start..open], Some(line[open + 1..close].trim_ascii()), close + 1)
        }
    };
    let op = operation(word.trim_ascii(), operand).map_err(|message| malformed(start, message))?;
    // The location follows a bar; blanks around that bar do not count.
    let rest = line[end..].trim_ascii_start();
    let location = rest.strip_prefix('|').unwrap_or(rest).trim_ascii();
    Ok(StdLine { thread, op, location: (!location.is_empty()).then_some(location) })
}

/// The `)` that ends the operation: the first that a bar or nothing follows. Linear: no blank is looked at for two of them.
fn closing(bytes: &[u8], from: usize) -> Option<usize> {
    (from..bytes.len()).filter(|&at| bytes[at] == b')').find(|&at| {
        let next = bytes[at + 1..].iter().find(|byte| !byte.is_ascii_whitespace());
        next.is_none_or(|&next| next == b'|')
    })
}

fn operation<'a>(word: &str, operand: Option<&'a str>) -> Result<StdOp<'a>, String> {
    let operand = operand.filter(|operand| !operand.is_empty());
    let with: fn(&'a str) -> StdOp<'a> = match word {
        "r" => StdOp::Read,
        "w" => StdOp::Write,
        "u" => StdOp::Update,
        "acq" => StdOp::Acquire,
        "rel" => StdOp::Release,
        "req" => StdOp::Request,
        "fork" => StdOp::Fork,
        "join" => StdOp::Join,
        "begin" => return Ok(StdOp::Begin(operand)),
        "end" => return Ok(StdOp::End(operand)),
        unknown => {
            let expected = "r, w, acq, rel, fork, join, begin, end, u or req";
            return Err(format!("unknown operation `{unknown}`: expected {expected}"));
        }
    };
    operand.map(with).ok_or_else(|| format!("`{word}` needs an operand: `{word}(…)`"))
}

/// Whether a file that begins with these bytes is STD text, going by its first line that is not blank.
pub(crate) fn looks_like(beginning: &[u8]) -> bool {
    let mut lines = beginning.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let first = lines.find(|line| !line.is_empty());
    first.and_then(|line| std::str::from_utf8(line).ok()).is_some_and(|line| parse(line).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(line: &str) -> (&str, StdOp<'_>, Option<&str>) {
        let line = parse(line).expect("well-formed");
        (line.thread, line.op, line.location)
    }

    #[test]
    fn takes_the_lines_of_other_tools_apart() {
        assert_eq!(fields("T0|acq(L1)|123"), ("T0", StdOp::Acquire("L1"), Some("123")));
        assert_eq!(
            fields("T0|r(java.lang.Object@abc[3].f)|A.java:7"),
            ("T0", StdOp::Read("java.lang.Object@abc[3].f"), Some("A.java:7"))
        );
        assert_eq!(fields("T0|w(f(a|b).c)|x|y"), ("T0", StdOp::Write("f(a|b).c"), Some("x|y")));
        assert_eq!(fields(" 12 | fork( 13 ) | "), ("12", StdOp::Fork("13"), None));
        assert_eq!(fields("T1|begin"), ("T1", StdOp::Begin(None), None));
        assert_eq!(fields("T1|end(pay)|f(1)"), ("T1", StdOp::End(Some("pay")), Some("f(1)")));
    }

    #[test]
    fn says_what_it_expected() {
        let message = |line| parse(line).map(drop).expect_err("malformed").message;
        assert_eq!(message("hello"), "expected `thread|op(operand)|location`");
        assert_eq!(message("|r(x)|1"), "expected a thread before `|`");
        assert_eq!(message("T1|r|1"), "`r` needs an operand: `r(…)`");
        assert_eq!(message("T1|acq(l"), "expected `)`");
        assert_eq!(
            message("T1|lock(l)|1"),
            "unknown operation `lock`: expected r, w, acq, rel, fork, join, begin, end, u or req"
        );
    }

    #[test]
    fn recognises_its_format_by_the_first_line() {
        assert!(looks_like(b"\n\nT1|r(x)|1\nwhatever"));
        assert!(!looks_like(b"{\"lockhound\":1}\n"));
        assert!(!looks_like(b""));
        assert!(!looks_like(b"\xff|r(x)|1"));
    }
}

//! What a program calls the thing that is made, or used, at some place of its text.

/// Lines above a place that are looked at: a binding seldom begins further up.
pub(crate) const LINES: usize = 8;
/// Calls, brackets and closures around what is made: `LazyLock::new(|| Arc::new(Mutex::new(…)))`.
const WRAPPERS: usize = 12;

/// The name that the expression which begins right behind `before` is bound to: of a variable, a static, a field, or of
/// both ends of a channel (`tx/rx`). None if it is bound to none, or to none that is close by.
pub(crate) fn name(before: &str) -> Option<String> {
    let mut rest = before.trim_end();
    for _ in 0..WRAPPERS {
        rest = rest.trim_end_matches(['&', '*']).trim_end();
        rest = match rest.chars().next_back()? {
            '(' | '[' => callee(&rest[..rest.len() - 1]),
            // An element or argument further back in its list.
            ',' => &rest[..opening(rest)? + 1],
            '|' => closure(rest)?,
            '=' => return bound(rest.strip_suffix('=')?),
            ':' if rest.ends_with("::") => callee(rest),
            ':' => return field(rest.strip_suffix(':')?),
            _ => return None,
        }
        .trim_end();
    }
    None
}

/// The name of what a method is called on, right behind `before`: `accounts` of `self.accounts.`.
pub(crate) fn receiver(before: &str) -> Option<String> {
    word_at_end(before.trim_end().strip_suffix('.')?).filter(|name| name != "self")
}

/// Without the path or macro that `before` ends with: `Arc::new`, `vec!`, `Some`.
fn callee(before: &str) -> &str {
    before.trim_end_matches(|c: char| is_word(c) || matches!(c, ':' | '!' | '<' | '>' | '.'))
}

/// Where the bracket opens that is still open at the end of `text`. None for a block or the fields of a struct.
fn opening(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (index, c) in text.char_indices().rev() {
        match c {
            ')' | ']' | '}' => depth += 1,
            '(' | '[' if depth == 0 => return Some(index),
            '{' | ';' if depth == 0 => return None,
            '(' | '[' | '{' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Without the head of a closure: `move |x|`.
fn closure(text: &str) -> Option<&str> {
    let parameters = text.strip_suffix('|')?;
    let before = parameters[..parameters.rfind('|')?].trim_end();
    Some(before.strip_suffix("move").unwrap_or(before))
}

/// The name in the statement that ends before its `=`.
fn bound(before: &str) -> Option<String> {
    if before.ends_with(['=', '!', '<', '>', '+', '-', '|', '&']) {
        return None;
    }
    let statement = before[statement(before)..].trim();
    for keyword in ["let ", "static ", "const "] {
        if let Some(at) = statement.find(keyword).filter(|&at| at == 0 || statement[..at].ends_with([' ', '\n', '\t']))
        {
            let pattern = statement[at + keyword.len()..].trim_start();
            return pattern_name(pattern.strip_prefix("mut ").unwrap_or(pattern).trim());
        }
    }
    word_at_end(statement)
}

/// Where the statement begins that `text` ends in. The `;` of an array's type ends none.
fn statement(text: &str) -> usize {
    let mut depth = 0usize;
    for (index, c) in text.char_indices().rev() {
        match c {
            ')' | ']' => depth += 1,
            '(' | '[' => depth = depth.saturating_sub(1),
            ';' | '{' | '}' if depth == 0 => return index + 1,
            _ => {}
        }
    }
    0
}

fn pattern_name(pattern: &str) -> Option<String> {
    let Some(inner) = pattern.strip_prefix('(') else {
        let end = pattern.find(|c: char| !is_word(c)).unwrap_or(pattern.len());
        return is_name(&pattern[..end]).then(|| pattern[..end].to_owned());
    };
    let names: Vec<&str> = inner[..inner.find(')')?].split(',').map(str::trim).collect();
    let names: Vec<&str> = names.into_iter().map(|name| name.strip_prefix("mut ").unwrap_or(name)).collect();
    (names.len() == 2 && names.iter().all(|name| is_name(name))).then(|| names.join("/"))
}

/// The name of the field that is written before its `:`.
fn field(before: &str) -> Option<String> {
    word_at_end(before)
}

fn word_at_end(text: &str) -> Option<String> {
    let text = text.trim_end();
    let name = &text[text.trim_end_matches(is_word).len()..];
    is_name(name).then(|| name.to_owned())
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_name(text: &str) -> bool {
    text != "_" && text.chars().all(is_word) && text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_has_the_name_that_it_is_bound_to() {
        let cases = [
            ("static ACCOUNTS: Mutex<Vec<i64>> = ", "ACCOUNTS"),
            ("pub(crate) static mut N: [u8; 3] = ", "N"),
            ("    let accounts = Arc::new(", "accounts"),
            ("    let mut a: Arc<Mutex<u8>> = Arc::new(", "a"),
            ("f(); let 账户 = ", "账户"),
            ("Account { id: 7, balance: ", "balance"),
            ("        balance: Arc::new(CachePadded::new(", "balance"),
            ("self.state.lock = ", "lock"),
            ("let (tx, rx) = mpsc::", "tx/rx"),
            ("let (tx, mut rx): (Sender<u8>, _) = ", "tx/rx"),
            ("static S: LazyLock<Mutex<u8>> = LazyLock::new(|| ", "S"),
            ("let s = lazy(move |x| Some(", "s"),
            ("static FORKS: [Mutex<()>; 2] = [\n    Mutex::new(()),\n    ", "FORKS"),
            ("let locks = vec![(1, ", "locks"),
            ("let account =\n    Arc::new(\n", "account"),
        ];
        for (before, expected) in cases {
            assert_eq!(name(before).as_deref(), Some(expected), "{before}");
        }
    }

    #[test]
    fn a_method_is_called_on_what_stands_before_it() {
        for (before, expected) in [("self.a.", Some("a")), ("  A\n    .", Some("A")), ("f(&x.y[0].z.", Some("z"))] {
            assert_eq!(receiver(before).as_deref(), expected, "{before}");
        }
        for before in ["", "self.", "self.a().", "a[0].", "a", "a::", "7."] {
            assert_eq!(receiver(before), None, "{before}");
        }
    }

    #[test]
    fn what_is_bound_to_nothing_has_no_name() {
        for before in [
            "",
            "    ",
            "fn new() -> Self {\n    ",
            "register(",
            "return ",
            "x == ",
            "Some(_) => ",
            "let _ = ",
            "let (a, b, c) = ",
            "std::",
            "a + ",
            "|x| ",
            ",",
            "struct A { b: B, ",
        ] {
            assert_eq!(name(before), None, "{before}");
        }
    }
}

//! Which part of a source line a site stands for.

use std::ops::Range;

fn line_start(text: &str, line: usize) -> Option<usize> {
    let start = match line.checked_sub(2) {
        None => 0,
        Some(breaks) => text.match_indices('\n').nth(breaks)?.0 + 1,
    };
    (start < text.len()).then_some(start)
}

fn line_length(text: &str) -> usize {
    text.find('\n').unwrap_or(text.len())
}

/// The bytes of `excerpt` that the place `line` (counted from 0), `column` (in characters, from 1) stands for: the
/// call that begins there, or what of it stands on that line; at least one character. None beyond the line's end: the
/// file is not what it was when the program was built.
pub(crate) fn span(excerpt: &str, line: usize, column: usize) -> Option<Range<usize>> {
    let line_start = line_start(excerpt, line + 1)?;
    let content = &excerpt[line_start..][..line_length(&excerpt[line_start..])];
    let content = content.trim_end();
    let (offset, _) = content.char_indices().nth(column.checked_sub(1)?)?;
    let start = line_start + offset;
    Some(start..start + expression(&content[offset..]))
}

/// The length of the expression that `text` begins with: a path of names, and the arguments of its first call.
fn expression(text: &str) -> usize {
    let path = path(text);
    let called = text[path..].strip_prefix('!').map_or(path, |_| path + 1);
    let length = match arguments(&text[called..]) {
        Some(length) => called + length,
        None => path,
    };
    length.max(text.chars().next().map_or(0, char::len_utf8))
}

/// The length of `*self.a::<T>.b` and the like.
fn path(text: &str) -> usize {
    let mut end = text.len() - text.trim_start_matches(['*', '&']).len();
    loop {
        let rest = &text[end..];
        let name = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        end += name;
        let rest = &text[end..];
        let joint = if rest.starts_with("::") { 2 } else { usize::from(rest.starts_with('.')) };
        if joint == 0 {
            return end;
        }
        let next = &rest[joint..];
        if joint == 2 && next.starts_with('<') {
            let Some(length) = balanced(next, '<', '>') else { return end };
            end += joint + length;
        } else if next.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
            end += joint;
        } else {
            return end;
        }
    }
}

fn arguments(text: &str) -> Option<usize> {
    balanced(text, '(', ')')
}

/// The length of a bracketed part that closes on this line; brackets in texts do not count.
fn balanced(text: &str, open: char, close: char) -> Option<usize> {
    let mut depth = 0usize;
    let mut quoted = false;
    let mut escaped = false;
    for (index, c) in text.char_indices() {
        if quoted {
            quoted = escaped || c != '"';
            escaped = c == '\\' && !escaped;
        } else if c == '"' {
            quoted = true;
        } else if c == open {
            depth += 1;
        } else if c == close && depth > 0 {
            depth -= 1;
            if depth == 0 {
                return Some(index + c.len_utf8());
            }
        }
        if depth == 0 {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str, column: usize) -> Option<&str> {
        span(text, 0, column).map(|span| &text[span])
    }

    #[test]
    fn a_call_is_marked_with_its_arguments() {
        assert_eq!(marked("let a = self.accounts.lock().unwrap();", 9), Some("self.accounts.lock()"));
        assert_eq!(marked("let a = self.accounts.lock().unwrap();", 23), Some("lock()"));
        assert_eq!(marked("    put(f(1), \")\\\")\", (2)).x", 5), Some("put(f(1), \")\\\")\", (2))"));
        assert_eq!(marked("Vec::<(u8, u8)>::from(x);", 1), Some("Vec::<(u8, u8)>::from(x)"));
        assert_eq!(marked("lock!(a)", 1), Some("lock!(a)"));
    }

    #[test]
    fn a_call_that_goes_on_is_marked_up_to_its_arguments() {
        assert_eq!(marked("    let t = thread::spawn(move || {", 13), Some("thread::spawn"));
        assert_eq!(marked("    lock_all(", 5), Some("lock_all"));
    }

    #[test]
    fn anything_else_is_marked_at_least_a_character_long() {
        assert_eq!(marked("*count += 1;", 1), Some("*count"));
        assert_eq!(marked("a..b", 1), Some("a"));
        assert_eq!(marked("} else", 1), Some("}"));
        assert_eq!(marked("账户.锁().开()", 4), Some("锁()"));
    }

    #[test]
    fn places_outside_the_text_are_none() {
        assert_eq!(marked("abc", 4), None);
        assert_eq!(marked("abc", 0), None);
        assert_eq!(span("a\nb\n", 2, 1), None);
        assert_eq!(span("a\nb\n", 1, 1), Some(2..3));
        assert_eq!(span("", 0, 1), None);
    }
}

//! Where on its line a value stands. Only lines with an error pay for this.

/// Byte offset of the value of `key` in the object that `line` is. The line has been parsed before, so it is known to be
/// JSON; a key written with escapes is not found.
pub(super) fn value_offset(line: &str, key: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    let mut depth = 0;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            b'"' => {
                let end = string_end(bytes, at)?;
                let after = skip_blanks(bytes, end);
                if depth == 1 && bytes.get(after) == Some(&b':') {
                    let value = skip_blanks(bytes, after + 1);
                    if &line[at + 1..end - 1] == key {
                        return Some(value);
                    }
                    at = value;
                    continue;
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// One past the closing quote of the string that opens at `start`.
fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

fn skip_blanks(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::value_offset;

    #[test]
    fn finds_values_of_the_outer_object_only() {
        let line = r#"{"a": {"op": 1, "x": ["op", "}"]}, "text": "\"op\": 2", "op" : "no"}"#;
        assert_eq!(value_offset(line, "op"), line.find("\"no\""));
        assert_eq!(value_offset(line, "a"), Some(6));
        assert_eq!(value_offset(line, "x"), None);
    }
}

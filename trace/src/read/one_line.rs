//! Text of unknown origin, made fit to be shown.

/// `text` without control characters, which are spelled out: a trace can hold any text, and neither a line break nor an
/// escape sequence in a name may reach a message or a terminal. O(length).
#[must_use]
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_spelled_out() {
        assert_eq!(one_line("甲\u{1b}[31m\nb"), "甲\\u{1b}[31m\\nb");
    }
}

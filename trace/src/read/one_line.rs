//! Text of unknown origin, made fit to be shown.

/// `text` without control characters, which are spelled out: a trace can hold any text, and neither a line break nor an
/// escape sequence in a name may reach a message or a terminal. O(length).
#[must_use]
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_unseen(c) {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}

/// Ends of lines that are no control characters, and marks that turn the direction of what follows: text that people
/// read must not pass for other text.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_spelled_out() {
        assert_eq!(one_line("a\u{202e}b\u{2028}\u{2066}é"), "a\\u{202e}b\\u{2028}\\u{2066}é");
        assert_eq!(one_line("甲\u{1b}[31m\nb"), "甲\\u{1b}[31m\\nb");
    }
}

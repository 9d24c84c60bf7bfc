//! Paths as URI references (RFC 3986).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What needs no escape in a path.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'+');

/// Whether a path names its file without a folder to start from.
pub(super) fn is_absolute(path: &str) -> bool {
    path.starts_with('/') || has_drive(path)
}

/// `file:///src/a%20b.rs`.
pub(super) fn of_file(path: &str) -> String {
    match has_drive(path) {
        true => format!("file:///{}{}", &path[..2], encode(&path[2..])),
        false => format!("file://{}", encode(path)),
    }
}

/// `src/a%20b.rs`.
pub(super) fn relative(path: &str) -> String {
    encode(path)
}

fn has_drive(path: &str) -> bool {
    let mut bytes = path.bytes();
    bytes.next().is_some_and(|letter| letter.is_ascii_alphabetic())
        && bytes.next() == Some(b':')
        && matches!(bytes.next(), Some(b'\\' | b'/'))
}

fn encode(path: &str) -> String {
    utf8_percent_encode(&path.replace('\\', "/"), PLAIN).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_and_foreign_letters_are_escaped() {
        assert_eq!(relative("kræmmer hus/a#b.rs"), "kr%C3%A6mmer%20hus/a%23b.rs");
        assert_eq!(of_file("/tmp/ä.rs"), "file:///tmp/%C3%A4.rs");
        assert_eq!(of_file(r"C:\src\a.rs"), "file:///C:/src/a.rs");
    }

    #[test]
    fn a_colon_in_a_relative_path_is_no_scheme() {
        assert_eq!(relative("a:b.rs"), "a%3Ab.rs");
        assert!(!is_absolute("a:b.rs"));
    }
}

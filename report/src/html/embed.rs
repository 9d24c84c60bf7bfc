//! Data in a page.

use serde::Serialize;

/// `data` as JSON that can stand in a `<script>` element: nothing in it can end the element or begin a comment, and no
/// line ends in it. Reading it back as JSON gives the same data.
pub(super) fn json(data: &impl Serialize) -> String {
    let json = serde_json::to_string(data).expect("plain data always are JSON");
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        // All of these can only stand in texts, where an escape means the same.
        match c {
            '<' => safe.push_str("\\u003c"),
            '>' => safe.push_str("\\u003e"),
            '&' => safe.push_str("\\u0026"),
            '\u{2028}' => safe.push_str("\\u2028"),
            '\u{2029}' => safe.push_str("\\u2029"),
            _ => safe.push(c),
        }
    }
    safe
}

/// `text` as it stands in an element.
pub(super) fn text(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(c),
        }
    }
    safe
}

/// `template` with each `{{name}}` replaced; what is put in is not looked at again.
///
/// # Panics
/// If the template names a part that is not given: it is part of this program.
pub(super) fn fill(template: &str, parts: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(template.len() + parts.iter().map(|(_, part)| part.len()).sum::<usize>());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").expect("a part's name ends");
        let (_, part) = parts.iter().find(|(known, _)| *known == name).expect("every part is given");
        filled.push_str(before);
        filled.push_str(part);
        rest = after;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_cannot_end_their_element() {
        let data = "</script><!-- \u{2028} & \"";
        let embedded = json(&data);
        assert!(!embedded.contains(['<', '>', '&', '\u{2028}', '\n']), "{embedded}");
        assert_eq!(serde_json::from_str::<String>(&embedded).unwrap(), data);
    }

    #[test]
    fn what_is_put_in_is_not_filled_again() {
        assert_eq!(fill("<{{a}}|{{b}}>", &[("a", "{{b}}"), ("b", "2")]), "<{{b}}|2>");
    }
}

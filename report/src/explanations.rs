//! What every rule means, in words: one page a rule, compiled in.
//!
//! Each page begins with the rule's name and one sentence; its example is compiled by the tests.

use lockhound_analyzer::Rule;

macro_rules! pages {
    ($($rule:ident: $file:literal,)*) => {
        /// The page of a rule, Markdown.
        #[must_use]
        pub const fn explanation(rule: Rule) -> &'static str {
            match rule {
                $(Rule::$rule => include_str!(concat!("explanations/", $file, ".md")),)*
            }
        }

        $(
            #[cfg(doctest)]
            #[doc = include_str!(concat!("explanations/", $file, ".md"))]
            pub struct $rule;
        )*
    };
}

pages! {
    Deadlock: "deadlock",
    PotentialDeadlock: "potential-deadlock",
    SelfDeadlock: "self-deadlock",
    LockOrderInversion: "lock-order-inversion",
    LockOrderViolation: "lock-order-violation",
    BlockedForever: "blocked-forever",
    LostWakeup: "lost-wakeup",
    LeakedLock: "leaked-lock",
    DataRace: "data-race",
    LostUpdate: "lost-update",
    AtomicityViolation: "atomicity-violation",
    Misuse: "misuse",
}

/// The sentence that a page begins with.
#[must_use]
pub fn summary(rule: Rule) -> &'static str {
    explanation(rule).lines().nth(2).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_has_the_same_parts() {
        for rule in Rule::ALL {
            let page = explanation(rule);
            assert_eq!(page.lines().next(), Some(format!("# {}", rule.name()).as_str()));
            assert!(summary(rule).ends_with('.'), "{}", rule.name());
            let parts: Vec<&str> = page.lines().filter(|line| line.starts_with("## ")).collect();
            assert_eq!(
                parts,
                ["## Example", "## How sure", "## How to fix it", "## What can fool it"],
                "{}",
                rule.name()
            );
            let example = page.split("```").nth(1).unwrap_or_default();
            assert!((3..=14).contains(&example.lines().count()), "{}: an example is some ten lines", rule.name());
        }
    }
}

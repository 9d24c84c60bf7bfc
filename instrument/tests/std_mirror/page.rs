//! One page of rustdoc's, read as a sequence of marks.

use std::collections::BTreeMap;

use html5gum::{StartTag, Token, Tokenizer};

/// What a page says of an item.
#[derive(Default)]
pub(crate) struct Page {
    /// Whether there is any description at all.
    pub(crate) described: bool,
    /// Whether the item itself is std's, by where its source is.
    pub(crate) of_std: bool,
    /// Of a module: what is in it.
    pub(crate) items: Vec<Listed>,
    /// Of a type: its own methods and its implementations of traits (as `impl Trait<…>`), and whether they are stable.
    pub(crate) members: BTreeMap<String, bool>,
    /// In the order of the page.
    pub(crate) examples: Vec<Example>,
}

/// An item that a module's page lists.
pub(crate) struct Listed {
    pub(crate) path: String,
    pub(crate) kind: String,
    pub(crate) href: String,
    pub(crate) stable: bool,
}

/// A block of code in a description.
pub(crate) struct Example {
    /// The method whose description it is in, or nothing if it is in the item's.
    pub(crate) member: String,
    /// What rustdoc says of it: `should_panic`, `compile_fail`, `ignore`.
    pub(crate) manner: Option<String>,
    /// With its hidden lines; none if it is not Rust.
    pub(crate) code: Option<String>,
}

/// What a start tag can mean.
enum Mark {
    Heading(String),
    Description,
    Source(String),
    Term,
    Link { kind: String, href: String, title: String },
    Unstable,
    Member(String),
    Example { manner: Option<String> },
    Playground(String),
}

/// Where a page is being read.
#[derive(Default)]
struct Reading {
    page: Page,
    heading: String,
    member: String,
    /// A term of the list has begun, and its link has not come.
    term: bool,
}

impl Page {
    pub(crate) fn read(html: &str) -> Self {
        let mut reading = Reading::default();
        for Ok(token) in Tokenizer::new(html) {
            if let Token::StartTag(tag) = token
                && let Some(mark) = Mark::of(&tag)
            {
                reading.take(mark);
            }
        }
        reading.page
    }
}

impl Mark {
    fn of(tag: &StartTag<()>) -> Option<Self> {
        let attribute = |name: &str| {
            let value = tag.attributes.get(name.as_bytes())?;
            Some(String::from_utf8_lossy(value).into_owned())
        };
        let class = attribute("class").unwrap_or_default();
        let mut classes = class.split_whitespace();
        let first = classes.next().unwrap_or_default();
        Some(match (&*String::from_utf8_lossy(&tag.name), first) {
            ("h2", "section-header") => Self::Heading(attribute("id")?),
            ("div", "docblock") => Self::Description,
            ("a", "src") => Self::Source(attribute("href")?),
            ("dt", _) => Self::Term,
            ("a", "test-arrow") => Self::Playground(code_in(&attribute("href")?)?),
            ("a", kind) => Self::Link { kind: kind.into(), href: attribute("href")?, title: attribute("title")? },
            ("span" | "div", "stab") if classes.any(|class| class == "unstable") => Self::Unstable,
            ("section", _) => Self::Member(member(&attribute("id")?)?),
            ("div", "example-wrap") => Self::Example { manner: classes.next().map(str::to_owned) },
            _ => return None,
        })
    }
}

/// The method or implementation that an id stands for; `-1` and so on only tell equal ids apart.
fn member(id: &str) -> Option<String> {
    let id = form_urlencoded::parse(id.as_bytes()).next()?.0.into_owned();
    if let Some(implementation) = id.strip_prefix("impl-") {
        let (implemented, _) = implementation.split_once("-for-")?;
        return Some(format!("impl {implemented}"));
    }
    let name = id.strip_prefix("method.").or_else(|| id.strip_prefix("associatedconstant."))?;
    Some(name.split('-').next()?.to_owned())
}

/// The code that a link takes to the playground.
fn code_in(link: &str) -> Option<String> {
    let (_, query) = link.split_once('?')?;
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "code").map(|(_, code)| code.into_owned())
}

impl Reading {
    fn take(&mut self, mark: Mark) {
        let page = &mut self.page;
        match mark {
            Mark::Heading(id) => (self.heading, self.member) = (id, String::new()),
            Mark::Description => page.described = true,
            Mark::Source(href) if self.heading.is_empty() => {
                page.of_std = href.starts_with("https://doc.rust-lang.org/")
            }
            Mark::Term => self.term = true,
            Mark::Link { kind, href, title } if self.term => {
                self.term = false;
                let path = title.split_once("::").map_or("", |(_, path)| path).to_owned();
                page.items.push(Listed { path, kind, href, stable: true });
            }
            Mark::Unstable => match page.members.get_mut(&self.member) {
                Some(stable) => *stable = false,
                None if self.heading.is_empty() => {}
                None => page.items.last_mut().into_iter().for_each(|item| item.stable = false),
            },
            Mark::Member(name) => {
                let wanted = match self.heading.as_str() {
                    "implementations" => !name.starts_with("impl "),
                    "trait-implementations" => is_comparable(&name),
                    _ => false,
                };
                if wanted {
                    page.members.insert(name.clone(), true);
                }
                self.member = name;
            }
            Mark::Example { manner } => {
                page.examples.push(Example { member: self.member.clone(), manner, code: None });
            }
            Mark::Playground(code) => {
                page.examples.last_mut().into_iter().for_each(|last| last.code = Some(code.clone()))
            }
            Mark::Source(_) | Mark::Link { .. } => {}
        }
    }
}

/// Whether an entry of the list of trait implementations is a trait of which the entry alone says that it is implemented.
///
/// Of the traits that hold or not by the parts of a type it does not say for which parameters: `tests/traits.rs` compares
/// those. And what a type does on being dropped, its parts may do.
fn is_comparable(entry: &str) -> bool {
    const AUTO: [&str; 6] = ["Send", "Sync", "Unpin", "UnwindSafe", "RefUnwindSafe", "Drop"];
    entry.strip_prefix("impl ").is_some_and(|name| !AUTO.contains(&name))
}

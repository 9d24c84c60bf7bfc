//! The picture, written down.

use std::fmt::Write as _;

use lockhound_trace::one_line;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::super::excerpt::Excerpt;
use super::super::words;
use super::geometry::{Cubic, Point, Rect, Size};
use super::labels;
use super::layout::{Layout, layout};
use super::style::{ALONE, STYLE};
use super::xml::escape;
use crate::graph::LockNode;

/// Columns of the longest name that is shown whole.
const LONGEST: usize = 30;
/// Width of a column of a name, of what is said about it, and of a count.
const NAME: f64 = 7.25;
const ABOUT: f64 = 6.05;
const COUNT: f64 = 6.7;
/// Around the picture.
const MARGIN: f64 = 24.0;
/// Height of a line of the caption.
const CAPTION: f64 = 18.0;
/// Width of a column of the caption.
const PROSE: f64 = 6.3;

/// What a picture is part of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Around {
    /// Nothing: it explains itself.
    File,
    /// A page that has the style and says what is shown.
    Page,
}

/// All that is drawn, and where.
#[derive(Debug)]
pub(super) struct Picture<'a> {
    excerpt: &'a Excerpt<'a>,
    nodes: Vec<Node>,
    layout: Layout,
    /// Of each edge.
    counts: Vec<(String, Point)>,
    classes: Vec<String>,
    focused: bool,
}

#[derive(Debug)]
struct Node {
    name: String,
    about: String,
    size: Size,
    class: String,
}

impl<'a> Picture<'a> {
    pub(super) fn new(excerpt: &'a Excerpt<'a>, highlight: Option<&str>) -> Self {
        let classes: Vec<String> = excerpt
            .edges
            .iter()
            .map(|edge| class(edge.in_cycle(), highlight.is_some_and(|id| edge.is_about(id))))
            .collect();
        let nodes: Vec<Node> = nodes(excerpt, highlight);
        let sizes: Vec<Size> = nodes.iter().map(|node| node.size).collect();
        let ends: Vec<(usize, usize)> = excerpt.edges.iter().map(|edge| (edge.held, edge.wanted)).collect();
        let layout = layout(&sizes, &ends, &excerpt.circles());
        let texts: Vec<String> = excerpt.edges.iter().map(|edge| format!("{}×", edge.count())).collect();
        let boxes: Vec<Rect> =
            layout.centres.iter().zip(&sizes).map(|(&centre, &size)| Rect { centre, size }).collect();
        let label = |text: &String| Size { width: text.width() as f64 * COUNT + 6.0, height: 16.0 };
        let places = labels::places(&layout.curves, &texts.iter().map(label).collect::<Vec<_>>(), &boxes);
        let counts = texts.into_iter().zip(places).collect();
        let focused = classes.iter().any(|class| class.contains("lh-hot"));
        Self { excerpt, nodes, layout, counts, classes, focused }
    }

    pub(super) fn write(&self, around: Around) -> String {
        let caption = self.caption(around);
        let prose = caption.iter().map(|line| line.width()).max().unwrap_or(0) as f64 * PROSE;
        let drawn = self.layout.size;
        let width = (drawn.width.max(prose) + 2.0 * MARGIN).ceil();
        let below = if caption.is_empty() { 0.0 } else { CAPTION * caption.len() as f64 + 12.0 };
        let height = (drawn.height + below + 2.0 * MARGIN).ceil();
        let focus = if self.focused { " lh-focus" } else { "" };
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"lh-graph{focus}\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\">\n",
            escape(&words::summary(self.excerpt))
        );
        if around == Around::File {
            let _ = writeln!(svg, "<style>{ALONE}{STYLE}</style>");
            let _ = writeln!(svg, "<rect class=\"lh-paper\" width=\"{width}\" height=\"{height}\"/>");
        }
        let _ = writeln!(svg, "<g transform=\"translate({} {MARGIN})\">", number((width - drawn.width) / 2.0));
        self.edges(&mut svg);
        self.boxes(&mut svg);
        self.labels(&mut svg);
        svg.push_str("</g>\n");
        for (line, text) in caption.iter().enumerate() {
            let y = MARGIN + drawn.height + 12.0 + CAPTION * (line as f64 + 1.0);
            let _ =
                writeln!(svg, "<text class=\"lh-caption\" x=\"{MARGIN}\" y=\"{}\">{}</text>", number(y), escape(text));
        }
        svg.push_str("</svg>\n");
        svg
    }

    /// Below the picture: what it shows, how to read it, what is not in it.
    fn caption(&self, around: Around) -> Vec<String> {
        let mut lines = Vec::new();
        if around == Around::File || self.excerpt.edges.is_empty() {
            lines.push(words::summary(self.excerpt));
        }
        if around == Around::File && !self.excerpt.edges.is_empty() {
            lines.push(
                "a → b, n×: b was asked for n times while a was held. Thick and red: part of a cycle.".to_owned(),
            );
        }
        lines.extend(words::left_out(self.excerpt));
        lines
    }

    fn edges(&self, svg: &mut String) {
        for (number, edge) in self.excerpt.edges.iter().enumerate() {
            let curves = &self.layout.curves[number];
            let Some((&last, before)) = curves.split_last() else { continue };
            let (length, half) = if edge.in_cycle() { (12.0, 5.0) } else { (9.0, 3.6) };
            let (last, tip, along) = last.shortened(length);
            let class = &self.classes[number];
            let _ = write!(svg, "<g class=\"lh-edge{class}\">{}<path class=\"lh-line\" d=\"", self.tooltip(number));
            line(svg, before, last);
            let base = tip.minus(along.times(length));
            let aside = along.left().times(half);
            let corners = [tip, base.plus(aside), base.minus(aside)]
                .map(|point| format!("{} {}", self::number(point.x), self::number(point.y)));
            let _ = writeln!(svg, "\"/><path class=\"lh-head\" d=\"M{}Z\"/></g>", corners.join("L"));
        }
    }

    fn boxes(&self, svg: &mut String) {
        for (number, node) in self.nodes.iter().enumerate() {
            let Size { width, height } = node.size;
            let Point { x, y } = self.layout.centres[number];
            let title = words::of_lock(&self.excerpt.graph.locks[self.excerpt.locks[number]]);
            let _ = write!(
                svg,
                "<g class=\"lh-node{}\" transform=\"translate({} {})\"><title>{}</title>\
                 <rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"8\"/>\
                 <text class=\"lh-name\" y=\"-3\">{}</text>",
                node.class,
                self::number(x),
                self::number(y),
                lines(&title),
                self::number(-width / 2.0),
                self::number(-height / 2.0),
                self::number(width),
                self::number(height),
                escape(&node.name),
            );
            let _ = writeln!(svg, "<text class=\"lh-about\" y=\"12\">{}</text></g>", escape(&node.about));
        }
    }

    fn labels(&self, svg: &mut String) {
        for (number, (text, at)) in self.counts.iter().enumerate() {
            let _ = writeln!(
                svg,
                "<text class=\"lh-count{}\" x=\"{}\" y=\"{}\">{}{text}</text>",
                self.classes[number],
                self::number(at.x),
                self::number(at.y + 4.0),
                self.tooltip(number),
            );
        }
    }

    fn tooltip(&self, edge: usize) -> String {
        format!("<title>{}</title>", lines(&words::of_edge(&self.excerpt.edges[edge], self.excerpt)))
    }
}

fn nodes(excerpt: &Excerpt<'_>, highlight: Option<&str>) -> Vec<Node> {
    let mut nodes: Vec<(bool, bool)> = vec![(false, false); excerpt.locks.len()];
    for edge in &excerpt.edges {
        let hot = highlight.is_some_and(|id| edge.is_about(id));
        for end in [edge.held, edge.wanted] {
            nodes[end].0 |= edge.in_cycle();
            nodes[end].1 |= hot;
        }
    }
    let locks = excerpt.locks.iter().map(|&lock| &excerpt.graph.locks[lock]);
    locks.zip(nodes).map(|(lock, (cycle, hot))| node(lock, class(cycle, hot))).collect()
}

fn node(lock: &LockNode, class: String) -> Node {
    let name = shortened(&one_line(&lock.name), LONGEST);
    let about = shortened(&about(lock), LONGEST + 4);
    let width = (name.width() as f64 * NAME).max(about.width() as f64 * ABOUT) + 24.0;
    Node { name, about, size: Size { width: width.max(72.0).ceil(), height: 42.0 }, class }
}

/// In a few words: the kind and where it is made, or how often it was asked for where the name says that much.
fn about(lock: &LockNode) -> String {
    let at = lock.at.as_deref().filter(|at| !lock.name.contains(at));
    match at {
        Some(at) => {
            let file = at.rsplit(['/', '\\']).next().unwrap_or(at);
            one_line(&format!("{} at {file}", lock.kind))
        }
        None if lock.name.starts_with(&lock.kind) => format!("asked for {}×", lock.acquired),
        None => one_line(&format!("{}, asked for {}×", lock.kind, lock.acquired)),
    }
}

fn class(cycle: bool, hot: bool) -> String {
    let mut class = String::new();
    if cycle {
        class.push_str(" lh-cycle");
    }
    if hot {
        class.push_str(" lh-hot");
    }
    class
}

/// `text` in at most so many columns, its middle left out: both a name's beginning and a place's end say much.
fn shortened(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let fit = |chars: &mut dyn Iterator<Item = char>, columns: usize| -> Vec<char> {
        let mut used = 0;
        chars
            .take_while(|&c| {
                used += c.width().unwrap_or(0);
                used <= columns
            })
            .collect()
    };
    let start = fit(&mut text.chars(), (columns - 1) / 2);
    let end = fit(&mut text.chars().rev(), columns - 1 - (columns - 1) / 2);
    start.into_iter().chain(['…']).chain(end.into_iter().rev()).collect()
}

/// What a tooltip says.
fn lines(lines: &[String]) -> String {
    lines.iter().map(|line| escape(line)).collect::<Vec<_>>().join("\n")
}

fn line(svg: &mut String, before: &[Cubic], last: Cubic) {
    for (place, curve) in before.iter().chain([&last]).enumerate() {
        let [from, one, other, to] = curve.0.map(|point| format!("{} {}", number(point.x), number(point.y)));
        if place == 0 {
            let _ = write!(svg, "M{from}");
        }
        let _ = write!(svg, "C{one} {other} {to}");
    }
}

/// With one decimal, where it is not nought.
fn number(value: f64) -> String {
    let tenths = (value * 10.0).round() as i64;
    let sign = if tenths < 0 { "-" } else { "" };
    let (whole, tenth) = (tenths.unsigned_abs() / 10, tenths.unsigned_abs() % 10);
    if tenth == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{tenth}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_both_ends() {
        assert_eq!(shortened("accounts", 8), "accounts");
        assert_eq!(shortened("mutex src/bank.rs:17:3", 11), "mutex…:17:3");
        assert_eq!(shortened("甲乙丙丁戊己庚", 9), "甲乙…己庚");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.0, -0.04, -0.26, 12.5, 7.96].map(number), ["0", "0", "-0.3", "12.5", "8"]);
    }

    #[test]
    fn what_is_said_of_a_lock_is_not_in_its_name() {
        let lock = LockNode {
            class: String::new(),
            name: "accounts".to_owned(),
            kind: "mutex".to_owned(),
            at: Some("src/bank.rs:3:9".to_owned()),
            called: None,
            acquired: 7,
            group: None,
            trace: None,
            identity: String::new(),
        };
        assert_eq!(about(&lock), "mutex at bank.rs:3:9");
        assert_eq!(about(&LockNode { at: None, ..lock.clone() }), "mutex, asked for 7×");
        assert_eq!(about(&LockNode { name: "mutex src/bank.rs:3:9".to_owned(), ..lock }), "asked for 7×");
    }
}

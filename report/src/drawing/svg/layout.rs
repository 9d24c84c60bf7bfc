//! Where every lock and every arrow is: circles as circles, what leads from one to the next in layers, and what is not
//! connected side by side.

use std::collections::HashMap;

use super::feedback::sequence;
use super::geometry::{Cubic, Point, Rect, Size};
use super::layers::{Link, layered};
use super::ring::ring;

/// Free space between parts that are not connected.
const BESIDE: f64 = 56.0;
/// More locks than these on one circle are a wheel of crossing lines: layers, with arrows that lead back up, show more.
const LARGEST: usize = 9;
/// How far arrows within a circle bend to the left, as a part of their length.
const BEND: f64 = 0.16;
/// How far it is at least, so that an arrow and the one back keep apart.
const LEAST_BEND: f64 = 16.0;
/// And at most, so that it stays clear of what it passes.
const MOST_BEND: f64 = 44.0;
/// How much of a box's width arrows use that begin or end there.
const PORTS: f64 = 0.7;

/// A drawing whose upper left corner is the origin.
#[derive(Debug)]
pub(super) struct Layout {
    /// The middle of each node.
    pub(super) centres: Vec<Point>,
    /// For each edge its pieces, from the border of one node to that of the other.
    pub(super) curves: Vec<Vec<Cubic>>,
    pub(super) size: Size,
}

/// Lays out nodes of these sizes. `circles` are the strongly connected components, each before those that lead to it.
pub(super) fn layout(sizes: &[Size], edges: &[(usize, usize)], circles: &[Vec<usize>]) -> Layout {
    let mut whole = Layout {
        centres: vec![Point::default(); sizes.len()],
        curves: vec![Vec::new(); edges.len()],
        size: Size::default(),
    };
    let mut parts = parts(sizes, edges, circles);
    // Those with circles first, then large ones.
    parts.sort_by_key(|part| (!part.has_circle, std::cmp::Reverse(part.nodes.len())));
    let area: f64 = parts.iter().map(|part| (part.size.width + BESIDE) * (part.size.height + BESIDE)).sum();
    let widest = parts.iter().map(|part| part.size.width).fold(0.0, f64::max);
    let row = widest.max((area * 1.7).sqrt());
    let (mut corner, mut below) = (Point::default(), 0.0_f64);
    for part in parts {
        if corner.x > 0.0 && corner.x + part.size.width > row {
            corner = Point::new(0.0, below + BESIDE);
        }
        for (node, centre) in part.nodes {
            whole.centres[node] = centre.plus(corner);
        }
        for (edge, curves) in part.curves {
            whole.curves[edge] =
                curves.into_iter().map(|curve| Cubic(curve.0.map(|point| point.plus(corner)))).collect();
        }
        whole.size.width = whole.size.width.max(corner.x + part.size.width);
        below = below.max(corner.y + part.size.height);
        corner.x += part.size.width + BESIDE;
    }
    whole.size.height = below;
    whole
}

/// What is connected, its upper left corner at the origin.
#[derive(Debug)]
struct Part {
    has_circle: bool,
    nodes: Vec<(usize, Point)>,
    curves: Vec<(usize, Vec<Cubic>)>,
    size: Size,
}

fn parts(sizes: &[Size], edges: &[(usize, usize)], circles: &[Vec<usize>]) -> Vec<Part> {
    let mut sets = petgraph::unionfind::UnionFind::<usize>::new(sizes.len());
    edges.iter().for_each(|&(from, to)| _ = sets.union(from, to));
    for circle in circles {
        circle.iter().for_each(|&node| _ = sets.union(circle[0], node));
    }
    let mut number: HashMap<usize, usize> = HashMap::new();
    let mut of_circles: Vec<Vec<&[usize]>> = Vec::new();
    for circle in circles {
        let part = *number.entry(sets.find(circle[0])).or_insert_with(|| {
            of_circles.push(Vec::new());
            of_circles.len() - 1
        });
        of_circles[part].push(circle);
    }
    let mut of_edges: Vec<Vec<usize>> = vec![Vec::new(); of_circles.len()];
    for (edge, &(from, _)) in edges.iter().enumerate() {
        of_edges[number[&sets.find(from)]].push(edge);
    }
    let both = of_circles.iter().zip(&of_edges);
    let mut parts: Vec<Part> = both.map(|(circles, of)| Builder::new(sizes, edges, circles, of).part()).collect();
    parts.reverse();
    parts
}

struct Builder<'a> {
    sizes: &'a [Size],
    edges: &'a [(usize, usize)],
    has_circle: bool,
    /// What is drawn as one circle, or by itself: each before most of those that lead to it.
    circles: Vec<Vec<usize>>,
    /// The edges of this part.
    of: &'a [usize],
    /// Number of each node's circle, and its place in it.
    block: HashMap<usize, (usize, usize)>,
}

impl<'a> Builder<'a> {
    fn new(sizes: &'a [Size], edges: &'a [(usize, usize)], circles: &[&[usize]], of: &'a [usize]) -> Self {
        let has_circle = circles.iter().any(|circle| circle.len() > 1);
        let circles: Vec<Vec<usize>> = circles
            .iter()
            .flat_map(|&circle| {
                if circle.len() <= LARGEST {
                    return vec![circle.to_vec()];
                }
                let sequence = sequence(circle, of.iter().map(|&edge| edges[edge]));
                sequence.into_iter().rev().map(|node| vec![node]).collect()
            })
            .collect();
        let mut block = HashMap::new();
        for (number, circle) in circles.iter().enumerate() {
            circle.iter().enumerate().for_each(|(place, &node)| _ = block.insert(node, (number, place)));
        }
        Self { sizes, edges, has_circle, circles, of, block }
    }

    /// The ends of an edge, the one that is drawn above first, and whether that is where it leads.
    fn ends(&self, edge: usize) -> (usize, usize, bool) {
        let (from, to) = self.edges[edge];
        if self.block[&from].0 >= self.block[&to].0 { (from, to, false) } else { (to, from, true) }
    }

    fn part(self) -> Part {
        let mut inside: Vec<Vec<(usize, usize)>> = vec![Vec::new(); self.circles.len()];
        let mut between = Vec::new();
        for &edge in self.of {
            let (from, to) = self.edges[edge];
            let (from, to) = (self.block[&from], self.block[&to]);
            if from.0 == to.0 { inside[from.0].push((from.1, to.1)) } else { between.push(edge) }
        }
        let rings: Vec<_> = self
            .circles
            .iter()
            .zip(&inside)
            .map(|(circle, edges)| ring(&circle.iter().map(|&node| self.sizes[node]).collect::<Vec<_>>(), edges))
            .collect();
        let off = |node: usize| rings[self.block[&node].0].centres[self.block[&node].1];
        let links: Vec<Link> = between
            .iter()
            .map(|&edge| {
                let (from, to, _) = self.ends(edge);
                let (from_block, to_block) = (self.block[&from].0, self.block[&to].0);
                Link { from: from_block, to: to_block, leaves: off(from).x, arrives: off(to).x }
            })
            .collect();
        let layered = layered(&rings.iter().map(|ring| ring.size).collect::<Vec<_>>(), &links);
        let rect =
            |node: usize| Rect { centre: layered.centres[self.block[&node].0].plus(off(node)), size: self.sizes[node] };
        let mut curves: Vec<(usize, Vec<Cubic>)> = Vec::with_capacity(self.of.len());
        for &edge in self.of {
            let (from, to) = self.edges[edge];
            if self.block[&from].0 == self.block[&to].0 {
                curves.push((edge, vec![if from == to { around(rect(from)) } else { bent(rect(from), rect(to)) }]));
            }
        }
        let passes: Vec<&[[Point; 2]]> = layered.passes.iter().map(Vec::as_slice).collect();
        let nodes: Vec<(usize, usize)> = between.iter().map(|&edge| (self.ends(edge).0, self.ends(edge).1)).collect();
        let ends: Vec<(Rect, Rect)> = nodes.iter().map(|&(upper, lower)| (rect(upper), rect(lower))).collect();
        let ports = ports(&ends, &passes, &nodes);
        for ((&edge, passes), [leaves, arrives]) in between.iter().zip(passes).zip(ports) {
            let mut line = down(leaves, passes, arrives);
            if self.ends(edge).2 {
                line.reverse();
                line.iter_mut().for_each(|curve| curve.0.reverse());
            }
            curves.push((edge, line));
        }
        Part {
            has_circle: self.has_circle,
            nodes: self.circles.iter().flatten().map(|&node| (node, rect(node).centre)).collect(),
            curves,
            size: layered.size,
        }
    }
}

/// Where each line leaves its upper node and arrives at its lower one: side by side, so that no two cross close to it.
fn ports(ends: &[(Rect, Rect)], passes: &[&[[Point; 2]]], nodes: &[(usize, usize)]) -> Vec<[Point; 2]> {
    let mut ports: Vec<[Point; 2]> = ends.iter().map(|(from, to)| [from.centre, to.centre]).collect();
    let mut at: HashMap<(usize, usize), Vec<usize>> = HashMap::new();
    for (line, &(from, to)) in nodes.iter().enumerate() {
        at.entry((0, from)).or_default().push(line);
        at.entry((1, to)).or_default().push(line);
    }
    for ((end, _), mut lines) in at {
        // Towards what lies next on the way.
        let next = |line: usize| match end {
            0 => passes[line].first().map_or(ends[line].1.centre.x, |pass| pass[0].x),
            _ => passes[line].last().map_or(ends[line].0.centre.x, |pass| pass[1].x),
        };
        lines.sort_by(|&a, &b| next(a).total_cmp(&next(b)).then(a.cmp(&b)));
        for (place, &line) in lines.iter().enumerate() {
            let rect = if end == 0 { ends[line].0 } else { ends[line].1 };
            let step = (PORTS * rect.size.width / lines.len() as f64).min(22.0);
            let aside = step * (place as f64 - (lines.len() - 1) as f64 / 2.0);
            let half = rect.size.height / 2.0;
            ports[line][end] = rect.centre.plus(Point::new(aside, if end == 0 { half } else { -half }));
        }
    }
    ports
}

/// From one point down to another, through what it passes: upright wherever it begins, passes and ends.
fn down(from: Point, passes: &[[Point; 2]], to: Point) -> Vec<Cubic> {
    let mut curves = Vec::with_capacity(2 * passes.len() + 1);
    let mut last = from;
    let stretch = |from: Point, to: Point| {
        let half = Point::new(0.0, (to.y - from.y) / 2.0);
        Cubic([from, from.plus(half), to.minus(half), to])
    };
    for &[upper, lower] in passes {
        curves.push(stretch(last, upper));
        curves.push(stretch(upper, lower));
        last = lower;
    }
    curves.push(stretch(last, to));
    curves
}

/// From one box to another, bent to the left.
fn bent(from: Rect, to: Rect) -> Cubic {
    let way = to.centre.minus(from.centre);
    let bend = (BEND * way.length()).clamp(LEAST_BEND, MOST_BEND) * 2.0;
    let bend = from.centre.towards(to.centre, 0.5).plus(way.unit().left().times(bend));
    Cubic::quadratic(from.centre, bend, to.centre).leaving(from).reaching(to)
}

/// From a box to itself, around its right end.
fn around(rect: Rect) -> Cubic {
    let Size { width, height } = rect.size;
    let end = |up: f64, out: f64| rect.centre.plus(Point::new(width / 2.0 + out, up * height));
    Cubic([end(-0.25, 0.0), end(-0.6, 30.0), end(0.6, 30.0), end(0.25, 0.0)])
}

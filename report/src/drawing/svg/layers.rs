//! What leads only downwards, drawn in layers (Sugiyama, Tagawa and Toda, "Methods for Visual Understanding of Hierarchical
//! System Structures", 1981): layers by longest paths, order within a layer by barycentres, then places along it.

use super::geometry::{Point, Size};

/// Free space between neighbours in a layer: blocks.
const BESIDE: f64 = 36.0;
/// Free space between layers, for arrows and their labels.
const BETWEEN: f64 = 64.0;
/// The same for each arrow that ends there, up to [`FAR`].
const FOR_EACH: f64 = 2.5;
const FAR: f64 = 90.0;
/// What a line takes up that passes a layer.
const LINE: f64 = 20.0;
/// How much more than to a block it matters to a line that it is where it is straight.
const STRAIGHT: f64 = 4.0;
/// Passes over all layers to find an order, and to find places in that order.
const SWEEPS: usize = 12;

/// A line from one block to another one further down.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) from: usize,
    pub(super) to: usize,
    /// How far right of the block's middle it leaves.
    pub(super) leaves: f64,
    /// How far right of the block's middle it arrives.
    pub(super) arrives: f64,
}

/// Where everything is; the upper left corner is the origin.
#[derive(Debug)]
pub(super) struct Layered {
    /// The middle of each block.
    pub(super) centres: Vec<Point>,
    /// For each link the upper and lower end of each layer that it passes.
    pub(super) passes: Vec<Vec<[Point; 2]>>,
    pub(super) size: Size,
}

/// Places blocks of these sizes. A link's `from` must come after its `to`.
///
/// O(SWEEPS · (items · log items)), where items are the blocks and the layers that links pass.
pub(super) fn layered(sizes: &[Size], links: &[Link]) -> Layered {
    let mut drawing = Drawing::new(sizes, links);
    drawing.order();
    drawing.settle();
    drawing.measure(sizes, links)
}

/// A block, or a link where it passes a layer.
#[derive(Clone, Copy, Debug)]
struct Item {
    layer: usize,
    /// With the free space around it.
    room: f64,
    is_block: bool,
}

/// Part of a link, from an item to one in the next layer.
#[derive(Clone, Copy, Debug)]
struct Tie {
    other: usize,
    /// How far right of the other's middle it must be to be straight.
    off: f64,
    /// Long lines should rather be straight than short ones.
    weight: f64,
}

#[derive(Debug)]
struct Drawing {
    /// Blocks, then what passes.
    items: Vec<Item>,
    up: Vec<Vec<Tie>>,
    down: Vec<Vec<Tie>>,
    layers: Vec<Vec<usize>>,
    x: Vec<f64>,
    /// For each link the items that it passes.
    passes: Vec<Vec<usize>>,
}

impl Drawing {
    fn new(sizes: &[Size], links: &[Link]) -> Self {
        let layer = by_longest_path(sizes.len(), links);
        let mut items: Vec<Item> = sizes
            .iter()
            .zip(&layer)
            .map(|(size, &layer)| Item { layer, room: size.width + BESIDE, is_block: true })
            .collect();
        let mut passes = Vec::with_capacity(links.len());
        for link in links {
            let between = layer[link.from] + 1..layer[link.to];
            let first = items.len();
            items.extend(between.map(|layer| Item { layer, room: LINE, is_block: false }));
            passes.push((first..items.len()).collect());
        }
        let count = items.len();
        let mut layers = vec![Vec::new(); items.iter().map(|item| item.layer + 1).max().unwrap_or(0)];
        items.iter().enumerate().for_each(|(number, item)| layers[item.layer].push(number));
        let (up, down) = (vec![Vec::new(); count], vec![Vec::new(); count]);
        let mut drawing = Self { items, up, down, layers, x: vec![0.0; count], passes };
        for (link, passes) in links.iter().zip(drawing.passes.clone()) {
            let stops: Vec<usize> = [link.from].into_iter().chain(passes).chain([link.to]).collect();
            for pair in stops.windows(2) {
                let leaves = if pair[0] == link.from { link.leaves } else { 0.0 };
                let arrives = if pair[1] == link.to { link.arrives } else { 0.0 };
                let weight = [pair[0], pair[1]].into_iter().filter(|&item| item >= sizes.len()).count();
                let weight = [1.0, 2.0, 8.0][weight];
                drawing.down[pair[0]].push(Tie { other: pair[1], off: arrives - leaves, weight });
                drawing.up[pair[1]].push(Tie { other: pair[0], off: leaves - arrives, weight });
            }
        }
        drawing
    }

    /// Orders each layer so that few lines cross.
    fn order(&mut self) {
        for layer in 0..self.layers.len() {
            self.squeeze(layer);
        }
        let mut best = (self.crossings(), self.layers.clone());
        for sweep in 0..SWEEPS {
            let downwards = sweep % 2 == 0;
            for step in 1..self.layers.len() {
                let layer = if downwards { step } else { self.layers.len() - 1 - step };
                let ties = if downwards { &self.up } else { &self.down };
                let mut keyed: Vec<(f64, usize)> =
                    self.layers[layer].iter().map(|&item| (self.wish(item, [ties]), item)).collect();
                keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
                self.layers[layer] = keyed.into_iter().map(|(_, item)| item).collect();
                self.squeeze(layer);
            }
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.layers.clone());
            }
        }
        self.layers = best.1;
        for layer in 0..self.layers.len() {
            self.squeeze(layer);
        }
    }

    /// Places a layer's items side by side around the middle.
    fn squeeze(&mut self, layer: usize) {
        let items = &self.layers[layer];
        let mut x = -items.iter().map(|&item| self.items[item].room).sum::<f64>() / 2.0;
        for &item in items {
            let room = self.items[item].room;
            self.x[item] = x + room / 2.0;
            x += room;
        }
    }

    /// Where an item would be best: the mean of where its ties are straight; where it is if it has none.
    fn wish<const N: usize>(&self, item: usize, ties: [&Vec<Vec<Tie>>; N]) -> f64 {
        let ties = || ties.iter().flat_map(|ties| &ties[item]);
        let weight: f64 = ties().map(|tie| tie.weight).sum();
        if weight == 0.0 {
            return self.x[item];
        }
        ties().map(|tie| (self.x[tie.other] + tie.off) * tie.weight).sum::<f64>() / weight
    }

    /// How often ties cross, as straight lines: inversions, layer by layer (Barth, Jünger and Mutzel, 2002).
    fn crossings(&self) -> usize {
        let in_layer = |layer: &Vec<usize>| {
            let mut ends: Vec<(f64, f64)> = Vec::new();
            for &item in layer {
                ends.extend(self.down[item].iter().map(|tie| (self.x[item], self.x[tie.other])));
            }
            ends.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
            inversions(&ends.into_iter().map(|(_, lower)| lower).collect::<Vec<_>>())
        };
        self.layers.iter().map(in_layer).sum()
    }

    /// Moves items along their layers, in their order, so that lines are straight.
    fn settle(&mut self) {
        for sweep in 0..SWEEPS {
            let last = self.layers.len().saturating_sub(1);
            for step in 0..self.layers.len() {
                let layer = if sweep % 2 == 0 { step } else { last - step };
                let items = self.layers[layer].clone();
                // At last both sides count alike.
                let wish = |&item: &usize| match sweep {
                    _ if sweep + 4 >= SWEEPS => self.wish(item, [&self.up, &self.down]),
                    _ if sweep % 2 == 0 => self.wish(item, [&self.up]),
                    _ => self.wish(item, [&self.down]),
                };
                let wishes: Vec<f64> = items.iter().map(wish).collect();
                let rooms: Vec<f64> = items.iter().map(|&item| self.items[item].room).collect();
                let weight = |&item: &usize| if self.items[item].is_block { 1.0 } else { STRAIGHT };
                let weights: Vec<f64> = items.iter().map(weight).collect();
                for (&item, x) in items.iter().zip(apart(&wishes, &rooms, &weights)) {
                    self.x[item] = x;
                }
            }
        }
    }

    fn measure(&self, sizes: &[Size], links: &[Link]) -> Layered {
        let edge = |item: usize, side: f64| {
            let Item { room, is_block, .. } = self.items[item];
            self.x[item] + side * if is_block { room - BESIDE } else { room } / 2.0
        };
        let left = (0..self.items.len()).map(|item| edge(item, -1.0)).fold(f64::INFINITY, f64::min);
        let right = (0..self.items.len()).map(|item| edge(item, 1.0)).fold(f64::NEG_INFINITY, f64::max);
        let mut heights = vec![0.0_f64; self.layers.len()];
        let mut arrows = vec![0; self.layers.len()];
        for (item, size) in self.items.iter().zip(sizes) {
            heights[item.layer] = heights[item.layer].max(size.height);
        }
        links.iter().for_each(|link| arrows[self.items[link.to].layer] += 1);
        let (mut tops, mut bottom) = (Vec::new(), 0.0);
        for (layer, height) in heights.iter().enumerate() {
            if layer > 0 {
                bottom += BETWEEN + (FOR_EACH * f64::from(arrows[layer])).min(FAR);
            }
            tops.push(bottom);
            bottom += height;
        }
        let centre = |block: usize| {
            let layer = self.items[block].layer;
            Point::new(self.x[block] - left, tops[layer] + heights[layer] / 2.0)
        };
        let pass = |&item: &usize| {
            let (x, layer) = (self.x[item] - left, self.items[item].layer);
            [Point::new(x, tops[layer]), Point::new(x, tops[layer] + heights[layer])]
        };
        Layered {
            centres: (0..sizes.len()).map(centre).collect(),
            passes: self.passes.iter().map(|items| items.iter().map(pass).collect()).collect(),
            size: Size { width: right - left, height: bottom },
        }
    }
}

/// The layer of each block: one below the lowest that leads to it. Where nothing leads, one above the first that it leads
/// to.
fn by_longest_path(blocks: usize, links: &[Link]) -> Vec<usize> {
    let mut from = vec![Vec::new(); blocks];
    let mut is_led_to = vec![false; blocks];
    for link in links {
        from[link.from].push(link.to);
        is_led_to[link.to] = true;
    }
    let mut layer = vec![0; blocks];
    for block in (0..blocks).rev() {
        for &to in &from[block] {
            layer[to] = layer[to].max(layer[block] + 1);
        }
    }
    for block in (0..blocks).filter(|&block| !is_led_to[block]) {
        layer[block] = from[block].iter().map(|&to| layer[to] - 1).min().unwrap_or(0);
    }
    layer
}

/// Pairs in the wrong order (strictly), in O(n log n).
fn inversions(values: &[f64]) -> usize {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    // A Fenwick tree over the ranks of what was seen.
    let mut tree = vec![0_usize; sorted.len() + 1];
    let mut count = 0;
    for (seen, &value) in values.iter().enumerate() {
        let rank = sorted.partition_point(|other| other.total_cmp(&value).is_le());
        let mut at = rank;
        let mut not_greater = 0;
        while at > 0 {
            not_greater += tree[at];
            at &= at - 1;
        }
        count += seen - not_greater;
        at = rank;
        while at < tree.len() {
            tree[at] += 1;
            at += at & at.wrapping_neg();
        }
    }
    count
}

/// The places nearest to those wished for (least squares, by weight) that keep the order and give each item its room:
/// isotonic regression by pooling adjacent violators, after what the items need is taken off.
fn apart(wishes: &[f64], rooms: &[f64], weights: &[f64]) -> Vec<f64> {
    let mut needs = vec![0.0; wishes.len()];
    for next in 1..wishes.len() {
        needs[next] = needs[next - 1] + f64::midpoint(rooms[next - 1], rooms[next]);
    }
    // Weighted sum, weight, number.
    let mut pools: Vec<(f64, f64, usize)> = Vec::new();
    for ((wish, need), weight) in wishes.iter().zip(&needs).zip(weights) {
        let mut pool = ((wish - need) * weight, *weight, 1);
        while let Some(&last) = pools.last() {
            if last.0 / last.1 <= pool.0 / pool.1 {
                break;
            }
            pools.pop();
            pool = (pool.0 + last.0, pool.1 + last.1, pool.2 + last.2);
        }
        pools.push(pool);
    }
    let pooled = pools.into_iter().flat_map(|(sum, weight, number)| std::iter::repeat_n(sum / weight, number));
    pooled.zip(needs).map(|(place, need)| place + need).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn inversions_are_pairs_in_the_wrong_order(values in prop::collection::vec(0_u8..9, 0..40)) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let pairs = (0..values.len()).flat_map(|a| (a + 1..values.len()).map(move |b| (a, b)));
            prop_assert_eq!(inversions(&values), pairs.filter(|&(a, b)| values[a] > values[b]).count());
        }

        #[test]
        fn items_keep_their_order_and_apart(
            items in prop::collection::vec((-500.0..500.0, (1.0..90.0, 1.0..5.0)), 1..30),
        ) {
            let (wishes, others): (Vec<f64>, Vec<(f64, f64)>) = items.into_iter().unzip();
            let (rooms, weights): (Vec<f64>, Vec<f64>) = others.into_iter().unzip();
            let places = apart(&wishes, &rooms, &weights);
            for next in 1..places.len() {
                let room = f64::midpoint(rooms[next - 1], rooms[next]);
                prop_assert!(places[next] - places[next - 1] >= room - 1e-6);
            }
            let sum = |values: &[f64]| values.iter().zip(&weights).map(|(value, weight)| value * weight).sum::<f64>();
            prop_assert!((sum(&places) - sum(&wishes)).abs() < 1e-6);
        }
    }

    #[test]
    fn items_are_where_they_wish_to_be_if_there_is_room() {
        assert_eq!(apart(&[-100.0, 0.0, 300.0], &[10.0; 3], &[1.0; 3]), [-100.0, 0.0, 300.0]);
    }

    #[test]
    fn every_link_leads_down() {
        let link = |from, to| Link { from, to, leaves: 0.0, arrives: 0.0 };
        // 4 leads to 3 and 0, 3 to 2, 2 to 0; 1 to 0.
        let links = [link(4, 3), link(4, 0), link(3, 2), link(2, 0), link(1, 0)];
        assert_eq!(by_longest_path(5, &links), [3, 2, 2, 1, 0]);
        let layered = layered(&[Size { width: 80.0, height: 40.0 }; 5], &links);
        assert!(links.iter().all(|link| layered.centres[link.from].y < layered.centres[link.to].y));
        assert_eq!(layered.passes.iter().map(Vec::len).collect::<Vec<_>>(), [0, 2, 0, 0, 0]);
    }
}

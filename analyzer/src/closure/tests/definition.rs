//! The rules as their files state them, for all pairs of events, again and again.

use lockhound_trace::{ChannelOrder, EventIndex, ObjectId, ObjectKind, Op, WakeReason};

use crate::closure::close::Infeasible;
use crate::model::{Ideal, LockId, Model, Point};

/// If the ideal contains all of the condition, it must contain this (which may not exist).
struct Demand {
    when: Vec<Point>,
    then: Option<Point>,
}

/// The least closed ideal that contains `ideal`.
pub(crate) fn close(model: &Model<'_>, mut ideal: Ideal, drained: &[ObjectId]) -> Result<Ideal, Infeasible> {
    let mut demands = locks(model);
    let shared = |object: &ObjectId| model.on(*object).nth(1).is_some();
    let objects: Vec<ObjectId> = (0..model.tables().objects().len()).map(ObjectId::from_index).filter(shared).collect();
    for &object in &objects {
        let points: Vec<Point> = model.points_on(object).collect();
        match model.tables().object(object).kind {
            ObjectKind::Channel { capacity, order } if capacity != Some(0) => {
                demands.extend(channel(model, &points, order, drained.contains(&object)));
            }
            ObjectKind::Condvar => demands.extend(condvar(model, &points)),
            ObjectKind::Barrier { parties: Some(parties) } => demands.extend(barrier(model, &points, parties as usize)),
            _ => {}
        }
    }
    loop {
        let mut grows = false;
        for demand in &demands {
            if demand.when.iter().all(|&point| ideal.contains(point)) {
                grows |= ideal.join(model.stamp(demand.then.ok_or(Infeasible)?));
            }
        }
        // How many messages are in a channel depends on all of them.
        for &object in &objects {
            if let ObjectKind::Channel { capacity: Some(capacity @ 1..), order } = model.tables().object(object).kind {
                grows |= overflow(model, object, capacity, order, &mut ideal)?;
            }
        }
        if !grows {
            return Ok(ideal);
        }
    }
}

fn locks(model: &Model<'_>) -> Vec<Demand> {
    let mut demands = Vec::new();
    for lock in 0..model.locks() {
        let holds: Vec<_> =
            model.holds(LockId(u32::try_from(lock).unwrap())).flat_map(|(_, holds)| holds).copied().collect();
        for one in &holds {
            for other in &holds {
                let (begin, next) = (Point::new(one.thread, one.acquire), Point::new(other.thread, other.acquire));
                let earlier = model.index(begin) < model.index(next);
                if one.thread != other.thread && earlier && one.mode.conflicts_with(other.mode) {
                    let then = one.release.map(|release| Point::new(one.thread, release));
                    demands.push(Demand { when: vec![begin, next], then });
                }
            }
        }
    }
    demands
}

/// The sends of a channel in their order, with what received them.
fn sends(model: &Model<'_>, points: &[Point]) -> Vec<(EventIndex, Point, Option<Point>)> {
    let is_send = |point: &&Point| matches!(model.op(**point), Op::Send { .. });
    let mut sends: Vec<_> =
        points.iter().filter(is_send).map(|&send| (model.index(send), send, model.partner(send))).collect();
    sends.sort_unstable();
    sends
}

fn channel(model: &Model<'_>, points: &[Point], order: ChannelOrder, drained: bool) -> Vec<Demand> {
    let sends = sends(model, points);
    let mut demands = Vec::new();
    for &(index, send, recv) in &sends {
        let received = |recv: Option<Point>| recv.map(|recv| model.index(recv));
        let keeps = |later: &&(EventIndex, Point, Option<Point>)| match order {
            ChannelOrder::Fifo => later.0 > index,
            _ => recv.is_some() && received(recv) < received(later.2),
        };
        for later in sends.iter().filter(keeps).filter_map(|later| later.2) {
            demands.push(Demand { when: vec![send, later], then: recv });
        }
        for &point in points {
            if matches!(model.op(point), Op::TryRecvFailed { .. } | Op::RecvClosed { .. }) && model.index(point) > index
            {
                demands.push(Demand { when: vec![send, point], then: recv });
            }
        }
        if drained {
            demands.push(Demand { when: vec![send], then: recv });
        }
    }
    demands
}

fn overflow(
    model: &Model<'_>,
    object: ObjectId,
    capacity: u64,
    order: ChannelOrder,
    ideal: &mut Ideal,
) -> Result<bool, Infeasible> {
    let points: Vec<Point> = model.points_on(object).collect();
    let mut sent: Vec<_> = sends(model, &points).into_iter().filter(|&(_, send, _)| ideal.contains(send)).collect();
    if order != ChannelOrder::Fifo {
        sent.sort_by_key(|&(_, _, recv)| recv.map_or(EventIndex(u64::MAX), |recv| model.index(recv)));
    }
    let mut grows = false;
    for &(_, _, recv) in sent.iter().rev().skip(usize::try_from(capacity).unwrap()) {
        grows |= ideal.join(model.stamp(recv.ok_or(Infeasible)?));
    }
    Ok(grows)
}

fn condvar(model: &Model<'_>, points: &[Point]) -> Vec<Demand> {
    let mut demands = Vec::new();
    for &wait in points.iter().filter(|&&point| matches!(model.op(point), Op::Wait { .. })) {
        let Some(wake) = model.partner(wait) else { continue };
        let notified = matches!(model.op(wake), Op::Wake { by: WakeReason::Notify, .. });
        let waker = if notified { model.partner(wake).expect("a notification") } else { wake };
        for &notify in points {
            if matches!(model.op(notify), Op::Notify { .. } | Op::NotifyAll { .. })
                && model.index(wait) < model.index(waker)
                && model.index(waker) < model.index(notify)
            {
                demands.push(Demand { when: vec![wait, notify], then: Some(waker) });
            }
        }
    }
    demands
}

fn barrier(model: &Model<'_>, points: &[Point], parties: usize) -> Vec<Demand> {
    let mut arrives: Vec<Point> =
        points.iter().copied().filter(|&point| matches!(model.op(point), Op::Arrive { .. })).collect();
    arrives.sort_unstable_by_key(|&arrive| model.index(arrive));
    let generations: Vec<&[Point]> = arrives.chunks(parties).collect();
    let mut demands = Vec::new();
    for (number, generation) in generations.iter().enumerate() {
        for &later in generations[number + 1..].iter().copied().flatten() {
            for &one in *generation {
                for &all in *generation {
                    demands.push(Demand { when: vec![one, later], then: Some(all) });
                }
            }
        }
    }
    demands
}

//! Messages.

use std::hint::black_box;

use crate::clock::timed;
use crate::crew::crew;
use crate::primitives::Channels;
use crate::suite::Workload;
use crate::{Cost, Row};

pub(crate) fn workloads<P: Channels>() -> [(Row, Workload); 2] {
    [(Row::Channel, alone::<P>), (Row::ChannelTwo, across::<P>)]
}

fn alone<P: Channels>(operations: u64) -> Cost {
    let (sender, receiver) = P::channel();
    timed(operations, || {
        for message in 0..operations {
            P::send(black_box(&sender), message);
            black_box(P::receive(black_box(&receiver)));
        }
    })
}

fn across<P: Channels>(operations: u64) -> Cost {
    let (sender, receiver) = P::channel();
    let send = move || (0..operations).for_each(|message| P::send(&sender, message));
    let receive = move || {
        for _ in 0..operations {
            black_box(P::receive(&receiver));
        }
    };
    crew::<P>(operations, vec![Box::new(send), Box::new(receive)])
}

//! The relation between requests and the search for cycles against slow, obvious twins, on the kernels and on traces of
//! every kind of object.

mod cycles;
mod links;

use std::fs;
use std::path::Path;

use lockhound_trace::{EventSource, JsonLinesReader};

use crate::analysis::predict_on;
use crate::blocking::links::Links;
use crate::blocking::requests::Requests;
use crate::prediction::Prediction;
use crate::script;

/// Short traces in which every kind of object is used.
const SCRIPTS: [&str; 5] = [
    "rwlock a
    rwlock b
    mutex m
    channel c capacity=1
    T0 spawn T1
    T0 spawn T2
    T0 acquire m
    T0 spawn T3
    T0 release m
    T1 acquire a mode=read
    T1 acquire b mode=read
    T1 acquire a mode=read
    T1 release a mode=read
    T1 release b mode=read
    T1 release a mode=read
    T2 acquire b
    T2 acquire a
    T2 release a
    T2 release b
    T3 acquire m
    T3 send c msg=1
    T3 release m
    T2 acquire m
    T2 recv c msg=1
    T2 release m
    T3 send c msg=2
    T2 recv c msg=2
    T3 close c
    T0 join T1
    T0 join T2",
    "semaphore s permits=2
    semaphore q permits=1
    flag f
    waitgroup g count=2
    T0 spawn T1
    T0 spawn T2
    T1 acquire s
    T1 acquire q
    T2 acquire s
    T1 release s
    T1 release q
    T2 acquire q
    T2 set f
    T2 release q
    T2 release s
    T1 await f
    T1 done g
    T0 acquire q
    T2 done g
    T0 await g
    T0 release q
    T2 clear f
    T0 join T1",
    "barrier b parties=2
    once o
    mutex m
    T0 spawn T1
    T1 spawn T2
    T2 spawn T3
    T1 acquire m
    T1 arrive b
    T3 once_begin o
    T3 arrive b
    T3 pass b
    T1 pass b
    T1 release m
    T3 acquire m
    T3 once_end o
    T3 release m
    T2 acquire m
    T2 await o
    T2 release m
    T1 join T2",
    "mutex m
    mutex outer reentrant=true
    condvar v
    T0 spawn T1
    T0 spawn T2
    T1 acquire outer
    T1 acquire outer
    T1 acquire m
    T1 wait v lock=m
    T2 acquire m
    T2 notify v
    T2 release m
    T1 wake v lock=m by=notify
    T1 release m
    T1 release outer
    T1 release outer
    T2 acquire outer
    T2 acquire m
    T2 notify_all v
    T2 release m
    T2 release outer
    T0 join T1",
    "channel c capacity=0
    channel d
    mutex m
    T0 spawn T1
    T0 spawn T2
    T0 spawn T3
    T1 acquire m
    T1 send c msg=1
    T2 recv c msg=1
    T1 release m
    T3 acquire m
    T3 send d msg=1
    T3 release m
    T2 acquire m
    T2 recv d msg=1
    T2 send d msg=2
    T2 release m
    T3 recv d msg=2
    T0 block on=join child=T3",
];

/// Calls `judge` with every kernel and script, and its name.
fn on_all(mut judge: impl FnMut(&str, &Prediction<'_>, &Links<'_>)) {
    for (number, text) in SCRIPTS.iter().enumerate() {
        on(script::read(text), |prediction, links| judge(&number.to_string(), prediction, links));
    }
    let mut kernels = 0;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/kernels")).expect("kernels") {
        let path = entry.expect("a file").path();
        if path.extension().is_some_and(|extension| extension == "jsonl") {
            let text = fs::read(&path).expect("readable");
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            on(JsonLinesReader::new(text.as_slice(), &path, 0), |prediction, links| judge(&name, prediction, links));
            kernels += 1;
        }
    }
    assert!(kernels > 20);
}

fn on<S: EventSource>(source: S, judge: impl FnOnce(&Prediction<'_>, &Links<'_>)) {
    predict_on(source, |prediction| {
        let requests = Requests::new(prediction.model);
        judge(prediction, &Links::new(prediction.model, &requests));
    });
}

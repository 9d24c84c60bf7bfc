//! Panics while it holds a lock. Built with `panic = "abort"` by the tests: what was recorded until then must be there.

use lockhound::named;

fn main() {
    let mutex = named::mutex("held", 0);
    for _ in 0..100 {
        *mutex.lock().unwrap() += 1;
    }
    let _held = mutex.lock().unwrap();
    panic!("on purpose");
}

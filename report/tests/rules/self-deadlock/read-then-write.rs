//! A thread wants to write what it still reads.

use lockhound::sync::RwLock;

static CACHE: RwLock<Vec<u32>> = lockhound::named::rwlock("cache", Vec::new());

fn look_up(key: u32) -> usize {
    let known = CACHE.read().unwrap();
    match known.iter().position(|&other| other == key) {
        Some(position) => position,
        None => {
            let mut cache = CACHE.write().unwrap();
            cache.push(key);
            cache.len() - 1
        }
    }
}

fn main() {
    println!("{}", look_up(7));
}

//! Two threads answer each other through small channels, and neither takes what the other sent.

use lockhound::sync::mpsc::{Receiver, SyncSender, sync_channel};
use lockhound::thread;

fn serve(requests: Receiver<u32>, replies: SyncSender<u32>) {
    for request in requests {
        replies.send(request * 2).unwrap();
        replies.send(request * 2 + 1).unwrap();
    }
}

fn main() {
    let (requests, server_requests) = sync_channel(1);
    let (server_replies, replies) = sync_channel(1);
    thread::Builder::new().name("server".into()).spawn(|| serve(server_requests, server_replies)).unwrap();
    for request in 0..3 {
        requests.send(request).unwrap();
    }
    for reply in replies {
        println!("{reply}");
    }
}

//! A model server and its clients in one thread: what a proxy between them costs is what is left.
//!
//! It prints the address of its server, then reads orders from standard input, one a line, and prints one line of JSON for each:
//!
//! ```text
//! to=127.0.0.1:4000 connections=32 size=200 seconds=1 chunks=0 pace=0 key=sk-1 model=m
//! ```
//!
//! `size` is that of the body of a request. With `chunks` the answer is a stream of so many events, `pace` microseconds apart; without, it is one JSON object, `pace` microseconds after the request. With `streams` clients speak HTTP/2, and have so many requests under way on each connection. Between orders the server goes on serving, so that health checks find it.

mod client;
mod server;
mod streams;
mod wire;

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Duration;

use mio::{Events, Poll, Token, Waker};

use client::{Clients, Order};
use server::Server;

/// The token of the waker; connections of clients begin at zero, those of the server at [`SERVED`].
const WAKER: Token = Token(usize::MAX);
const LISTENER: Token = Token(usize::MAX - 1);
const SERVED: usize = 1 << 32;

fn main() -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(1024);
    let mut server = Server::new(&poll)?;
    println!("{}", server.address);
    let orders = orders(Waker::new(poll.registry(), WAKER)?);
    let mut clients: Option<Asking> = None;
    loop {
        let next = server
            .next_due()
            .into_iter()
            .chain(clients.iter().map(Asking::due))
            .min();
        let wait = next.map(|due| Duration::from_nanos(due.saturating_sub(wire::now())));
        match poll.poll(&mut events, wait) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        }
        for event in &events {
            match event.token() {
                WAKER => {}
                LISTENER => server.accept(&poll)?,
                Token(at @ SERVED..) => server.turn(at - SERVED),
                Token(at) => {
                    if let Some(clients) = &mut clients {
                        clients.turn(at);
                    }
                }
            }
        }
        server.send_due();
        if clients.as_ref().is_some_and(|it| it.due() <= wire::now())
            && let Some(done) = clients.take()
        {
            println!("{}", done.report());
            io::stdout().flush()?;
        }
        if clients.is_none() {
            match orders.try_recv() {
                Ok(order) => clients = Some(order.begin(&poll)?),
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => return Ok(()),
            }
        }
    }
}

/// What is to be asked, and in which version of HTTP.
enum Ordered {
    Plain(Order),
    Streams(BTreeMap<String, String>),
}

impl Ordered {
    fn begin(self, poll: &Poll) -> io::Result<Asking> {
        Ok(match self {
            Self::Plain(order) => Asking::Plain(Clients::new(order, poll)?),
            Self::Streams(words) => Asking::Streams(streams::Clients::new(&words, poll)?),
        })
    }
}

/// Clients that ask.
enum Asking {
    Plain(Clients),
    Streams(streams::Clients),
}

impl Asking {
    fn due(&self) -> u64 {
        match self {
            Self::Plain(it) => it.due(),
            Self::Streams(it) => it.due(),
        }
    }

    fn turn(&mut self, at: usize) {
        match self {
            Self::Plain(it) => it.turn(at),
            Self::Streams(it) => it.turn(at),
        }
    }

    fn report(self) -> String {
        match self {
            Self::Plain(it) => it.report(),
            Self::Streams(it) => it.report(),
        }
    }
}

/// Reads orders on a thread of its own.
fn orders(waker: Waker) -> Receiver<Ordered> {
    let (give, orders) = channel();
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            let words: BTreeMap<&str, &str> = line
                .split_whitespace()
                .filter_map(|it| it.split_once('='))
                .collect();
            let order = if words.contains_key("streams") {
                let own = |it: (&&str, &&str)| ((*it.0).to_owned(), (*it.1).to_owned());
                Ordered::Streams(words.iter().map(own).collect())
            } else {
                Ordered::Plain(Order::new(&words))
            };
            if give.send(order).is_err() || waker.wake().is_err() {
                return;
            }
        }
        drop(give);
        let _ = waker.wake();
    });
    orders
}

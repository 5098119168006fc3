//! Producer and consumer with a bounded buffer between them: three spaces, two CPUs if there are two.
//! A producer that finds it full and a consumer that finds it empty get their answer later.
#![no_std]
#![no_main]

use l4::{IpcError, Message, Stack, ThreadId, Time, ipc, kip, println, server, thread};

l4::program!(main);

static STACKS: [Stack<16384>; 3] = [const { Stack::new() }; 3];

const ITEMS: u64 = 1000;
const PLACES: usize = 4;

const PUT: u64 = 1;
const GET: u64 = 2;

fn main() -> ! {
    let ok = match run() {
        Ok(right) => {
            println!("[pipe] {right} of {ITEMS} items arrived in order");
            right == ITEMS
        }
        Err(error) => {
            println!("[pipe] {error:?}");
            false
        }
    };
    l4::exit::report(ok)
}

/// Starts the three and waits for the consumer's result.
fn run() -> Result<u64, thread::StartError> {
    let place = |cpu| thread::Builder::new().new_space().cpu(cpu);
    let last = kip::cpus() - 1;
    let buffer = place(0).start(buffer_main, 0, &STACKS[0])?;
    let consumer = place(last).start(consumer_main, buffer.raw(), &STACKS[1])?;
    place(0).start(producer_main, buffer.raw(), &STACKS[2])?;
    let result = ipc::receive(consumer).map_err(thread::StartError::NotStarted)?;
    Ok(result.message.word_at(0))
}

/// Items in the buffer, oldest first, and who waits: at most one of each side.
#[derive(Default)]
struct Buffer {
    items: [u64; PLACES],
    len: usize,
    producer: Option<(ThreadId, u64)>,
    consumer: Option<ThreadId>,
}

impl Buffer {
    /// Takes an item; `None` if the producer has to wait.
    fn put(&mut self, from: ThreadId, item: u64) -> Option<Message> {
        if let Some(consumer) = self.consumer.take() {
            hand(consumer, Message::new(GET).word(item));
        } else if self.len < PLACES {
            self.items[self.len] = item;
            self.len += 1;
        } else {
            self.producer = Some((from, item));
            return None;
        }
        Some(Message::new(PUT))
    }

    /// Gives the oldest item; `None` if the consumer has to wait.
    fn get(&mut self, from: ThreadId) -> Option<Message> {
        if self.len == 0 {
            self.consumer = Some(from);
            return None;
        }
        let item = self.items[0];
        self.items.rotate_left(1);
        self.len -= 1;
        if let Some((producer, next)) = self.producer.take() {
            self.items[self.len] = next;
            self.len += 1;
            hand(producer, Message::new(PUT));
        }
        Some(Message::new(GET).word(item))
    }
}

/// Answers somebody who was left waiting.
fn hand(to: ThreadId, message: Message) {
    if let Err(error) = ipc::send_within(to, &message, Time::ZERO) {
        println!("[pipe] {:x} does not wait: {error:?}", to.raw());
    }
}

fn buffer_main(_: u64) {
    let mut buffer = Buffer::default();
    server::serve(|request| match request.message.label() {
        PUT => buffer.put(request.from, request.message.word_at(0)),
        GET => buffer.get(request.from),
        _ => None,
    })
}

fn producer_main(buffer: u64) {
    let put =
        |item| ipc::call(ThreadId::from_raw(buffer), &Message::new(PUT).word(item)).map(|_| ());
    let produced: Result<(), IpcError> = (0..ITEMS).try_for_each(put);
    println!("[pipe] producer: {produced:?}");
}

/// Takes all items; pauses now and then, so that the buffer gets full.
fn consumer_main(buffer: u64) {
    let right = (0..ITEMS).filter(|item| {
        if item % 100 == 0 {
            ipc::sleep(Time::period(2000));
        }
        let got = ipc::call(ThreadId::from_raw(buffer), &Message::new(GET));
        got.is_ok_and(|got| got.message.word_at(0) == *item)
    });
    // Without this report the root task waits, which shows.
    let _ = ipc::send(kip::root(), &Message::new(0).word(right.count() as u64));
}

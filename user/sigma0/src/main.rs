//! sigma0: the first program, owner of all memory and I/O ports. It serves faults and requests of whoever
//! asks, and gives each piece to the first who does.
//!
//! Everything that can be decided without a kernel is in the library part; here are the loop, the
//! storage of the book, and what is printed.
#![no_std]
#![no_main]

mod memory;

use core::num::NonZeroU64;

use l4::ipc::Received;
use l4::{Fpage, MapItem, Message, Rights, kip, println, utcb};
use sigma0::ledger::{Piece, all_ports};
use sigma0::regions::Region;
use sigma0::request::{self, Request};
use sigma0::service::{Answer, Client, Service};

l4::program!(main);

/// Entries of the book of ports: each range of a client's takes two at most.
const PORT_ENTRIES: usize = 256;

fn main() -> ! {
    let Ok(regions) = memory::book() else {
        panic!("the memory descriptors do not fit the book");
    };
    let mut storage = [Region::UNUSED; PORT_ENTRIES];
    let Ok(ports) = all_ports(&mut storage) else {
        panic!("the ports do not fit their book");
    };
    let mut service = Service::new(regions, ports);
    let mut verbosity = 0;
    utcb::my().set_word_size_mask(u64::MAX);
    l4::server::serve(|received| {
        let answer = handle(&mut service, &mut verbosity, received);
        utcb::my().set_word_size_mask(u64::MAX);
        answer
    })
}

fn handle(service: &mut Service<'_>, verbosity: &mut u64, received: &Received) -> Option<Message> {
    let message = &received.message;
    let words = [0, 1, 2].map(|index| message.word_at(index));
    let request = request::decode(message.tag(), words)?;
    let client = client(received)?;
    let answer = service.decide(request, client, memory::set_attributes)?;
    if *verbosity > 0 {
        println!("[sigma0] {:#x} asks {request:x?}: {answer:x?}", client.id);
    }
    match answer {
        Answer::Map(piece) => Some(Message::new(0).map(item(piece))),
        Answer::MapAnew(piece) => {
            l4::memory::unmap(item(piece).fpage);
            Some(Message::new(0).map(item(piece)))
        }
        Answer::MapPorts(ports) => Some(Message::new(0).map(MapItem {
            send_base: 0,
            fpage: ports.fpage(),
        })),
        Answer::Nothing => Some(Message::new(0).map(NOTHING)),
        Answer::Silence => {
            report(client, request);
            None
        }
        Answer::Verbosity(level) => {
            *verbosity = level;
            None
        }
        Answer::Dump { answer } => {
            memory::print(&service.regions);
            answer.then(|| Message::new(0))
        }
    }
}

/// A map item that maps nothing: the answer to a refused request.
const NOTHING: MapItem = MapItem {
    send_base: 0,
    fpage: Fpage::NIL,
};

fn item(piece: Piece) -> MapItem {
    MapItem {
        send_base: piece.base,
        fpage: Fpage::new(piece.base, piece.log2, Rights::FULL),
    }
}

/// Who asks; `None` for the nil thread, which cannot own anything.
fn client(received: &Received) -> Option<Client> {
    let id = NonZeroU64::new(received.from.raw())?;
    let first_kernel_thread = u64::from(kip::thread_info().system_base) << 32 | 1;
    let is_kernel = (first_kernel_thread..kip::sigma0().raw()).contains(&id.get());
    Some(Client {
        id,
        is_trusted: is_kernel || received.from == kip::root(),
    })
}

fn report(client: Client, request: Request) {
    let id = client.id;
    match request {
        Request::Fault { page } => println!(
            "[sigma0] thread {id:x} cannot have the page at {:#x}; it stays blocked",
            page.base
        ),
        Request::Ports { ports, .. } => println!(
            "[sigma0] thread {id:x} cannot have port {:#x}; it stays blocked",
            ports.port()
        ),
        other => println!("[sigma0] thread {id:x} gets no answer to {other:x?}; it stays blocked"),
    }
}

//! Who waits for a flight, and lends it the node. On the carrier's home CPU, interrupts off.

use core::cell::Cell;

use pecan_smp::protocol::{Answer, Kind as Message};

use super::flights::{self, Flight};
use super::round;
use crate::arch::x86_64::switch;
use crate::cpu::{self, Cpu};
use crate::ipc::remote::post;
use crate::sys::remote::{Control, Operation};
use crate::thread::{Node, Owned, State, TcbRef, resources};

/// Returns when no CPU has any more what was taken away before. `me`, the running thread, with nothing held; others may
/// run meanwhile, and it may move.
#[inline(never)]
pub(crate) fn wait(me: Owned) {
    let cpu = cpu::current();
    if begin(cpu, me, None) {
        resources::leave(cpu, me);
        switch::to_dispatcher(me);
    }
}

/// The message of `sender`, who lives elsewhere, has arrived at `receiver`, and has taken something away. True: both wait,
/// until no CPU has it any more. False: there is nothing to wait for.
#[inline(never)]
pub(crate) fn hold(cpu: &Cpu, sender: TcbRef, receiver: Owned) -> bool {
    let held = begin(cpu, receiver, Some(sender));
    if held {
        // If it is the receiver that runs, it must not go on.
        cpu.reschedule.set(true);
    }
    held
}

/// Begins a flight with the node of `carrier`, which is at home; false if nobody else has anything.
fn begin(cpu: &Cpu, carrier: Owned, held: Option<TcbRef>) -> bool {
    let Some((flight, there)) = depart(cpu) else {
        return false;
    };
    carrier.control.set(control(&flight, held));
    carrier.set_state(cpu, State::Controlling);
    round::send(cpu, there, &carrier.request_node);
    true
}

/// A flight, after this CPU dropped what it has, and the CPU where it goes first. What is nowhere else has landed.
fn depart(cpu: &Cpu) -> Option<(Flight, u16)> {
    let flight = flights::begin()?;
    round::drop_here(cpu, &flight.roots);
    let there = round::next(&flight.roots, 0, cpu.index);
    if there.is_none() {
        flights::land(flight.number);
    }
    Some((flight, there?))
}

/// What the node says: the sender that waits too, the number, the roots.
fn control(flight: &Flight, held: Option<TcbRef>) -> Control {
    Control {
        operation: Operation::Flush,
        target: held.map_or(0, TcbRef::address),
        caller: flight.number,
        words: flight.roots.0,
        error: None,
    }
}

/// The node of `carrier` is at home again. If it was on a flight, that has landed, and a sender who waited with it hears that
/// its message has arrived.
pub(crate) fn landed(cpu: &Cpu, carrier: Owned) {
    let control = carrier.control.get();
    if control.operation != Operation::Flush {
        return;
    }
    carrier.control.set(Control::EMPTY);
    flights::land(control.caller);
    if control.target != 0 {
        let sender = TcbRef::from_address(control.target);
        let done = Message::Answer(Answer::Done);
        post(cpu, sender.home(), &sender.request_node, done);
    }
}

/// What a CPU lends to flights for the spaces that end there.
pub(crate) struct Ends {
    /// The node.
    pub(crate) node: Node,
    /// What it says.
    pub(crate) control: Cell<Control>,
}

impl Ends {
    /// Nothing is out.
    pub(crate) const fn new() -> Self {
        Self {
            node: Node::new(Message::Control),
            control: Cell::new(Control::EMPTY),
        }
    }

    /// Whether a flight is out.
    pub(crate) fn are_out(&self) -> bool {
        self.control.get().operation == Operation::Flush
    }
}

/// Begins a flight with the CPU's own node, which is at home. Dispatcher.
pub(in crate::space) fn begin_end(cpu: &Cpu) {
    if let Some((flight, there)) = depart(cpu) {
        cpu.ends.control.set(control(&flight, None));
        round::send(cpu, there, &cpu.ends.node);
    }
}

/// The CPU's own node is at home again.
pub(crate) fn end_landed(cpu: &Cpu) {
    flights::land(cpu.ends.control.replace(Control::EMPTY).caller);
    cpu.reschedule.set(true);
}

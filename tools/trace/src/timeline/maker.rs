//! Following the events in their order.

use super::{Arrow, Instant, Place, Slice, Timeline, What, Why};
use crate::Rings;
use pecan_abi::trace::{Event, Source};
use std::collections::HashMap;

/// What is known at a point of time.
pub(super) struct Maker<'a> {
    rings: &'a Rings,
    made: Timeline,
    /// What each processor does now, and since when.
    open: Vec<Option<(What, u64)>>,
    /// Threads whose messages are on their way to other processors, and where they set out.
    asked: HashMap<u64, Place>,
    /// Threads that got a message and have not run since, where it came from, and the message.
    got: HashMap<u64, (Place, Why)>,
    /// Where threads ran last.
    ran: HashMap<u64, Place>,
    /// Interrupts that were sent and not taken, by APIC id.
    rung: HashMap<(u64, Source), Vec<Place>>,
}

impl<'a> Maker<'a> {
    pub(super) fn new(rings: &'a Rings) -> Self {
        Self {
            rings,
            made: Timeline {
                khz: rings.khz,
                user_base: rings.user_base,
                lost: rings.cpus.iter().map(|ring| ring.lost).collect(),
                ..Timeline::default()
            },
            open: vec![None; rings.cpus.len()],
            asked: HashMap::new(),
            got: HashMap::new(),
            ran: HashMap::new(),
            rung: HashMap::new(),
        }
    }

    pub(super) fn take(&mut self, at: Place, event: Event) {
        match event {
            Event::Run { thread, space } => {
                self.begin(at, What::Thread { thread, space });
                // It runs, so a message of its own is no longer on its way.
                self.asked.remove(&thread);
                if let Some((from, why)) = self.got.remove(&thread) {
                    self.connect(why, from, at);
                }
                return;
            }
            Event::Dispatch => return self.begin(at, What::Dispatcher),
            Event::Idle => return self.begin(at, What::Idle),
            Event::Deliver { from, to, tag } => self.deliver(at, from, to, tag),
            Event::Ask { from, .. } => {
                self.asked.insert(from, at);
            }
            Event::Ipi { apic_id, source } => {
                self.rung.entry((apic_id, source)).or_default().push(at);
            }
            Event::Interrupt { source, .. } => {
                let own = self.rings.cpus[at.cpu].apic_id;
                for from in self.rung.remove(&(own, source)).unwrap_or_default() {
                    self.connect(Why::Interrupt(source), from, at);
                }
            }
            Event::Fault { .. } | Event::Exception { .. } => {}
        }
        self.made.instants.push(Instant { at, event });
    }

    fn begin(&mut self, at: Place, what: What) {
        self.end(at);
        self.open[at.cpu] = Some((what, at.time));
    }

    fn end(&mut self, at: Place) {
        let Some((what, start)) = self.open[at.cpu].take() else {
            return;
        };
        if let What::Thread { thread, .. } = what {
            // Within the slice, so that an arrow begins in it.
            let time = at.time.saturating_sub(1).max(start);
            self.ran.insert(thread, Place { time, ..at });
        }
        self.made.slices.push(Slice {
            cpu: at.cpu,
            what,
            start,
            end: at.time,
        });
    }

    fn deliver(&mut self, at: Place, from: u64, to: u64, tag: u64) {
        let runs = |thread| match self.open[at.cpu] {
            Some((What::Thread { thread: own, .. }, _)) => own == thread,
            _ => false,
        };
        let (is_senders, is_receivers) = (runs(from), runs(to));
        let origin = match self.asked.remove(&from) {
            Some(place) => Some(place),
            None if is_senders => Some(at),
            // He waited for the receiver.
            None => self.ran.get(&from).copied(),
        };
        let Some(origin) = origin else { return };
        let why = Why::Message { from, to, tag };
        if is_receivers {
            self.connect(why, origin, at);
        } else {
            self.got.insert(to, (origin, why));
        }
    }

    fn connect(&mut self, why: Why, from: Place, to: Place) {
        self.made.arrows.push(Arrow { why, from, to });
    }

    pub(super) fn finish(mut self, time: u64) -> Timeline {
        for cpu in 0..self.open.len() {
            self.end(Place { cpu, time });
        }
        self.made
    }
}

#[cfg(test)]
mod tests {
    use crate::{Ring, Rings, Timeline, What, Why};
    use pecan_abi::trace::{Event, Record, Source};

    fn rings(cpus: &[&[(u64, Event)]]) -> Rings {
        let ring = |(apic_id, events): (u64, &&[(u64, Event)])| Ring {
            apic_id,
            lost: 0,
            records: events
                .iter()
                .zip(0..)
                .map(|((time, event), number)| Record {
                    time: *time,
                    number,
                    event: *event,
                })
                .collect(),
        };
        Rings {
            khz: 1_000_000,
            user_base: 48,
            cpus: (0..).zip(cpus).map(ring).collect(),
        }
    }

    fn run(thread: u64) -> Event {
        Event::Run { thread, space: 0 }
    }

    fn deliver(from: u64, to: u64) -> Event {
        Event::Deliver { from, to, tag: 5 }
    }

    fn arrows(timeline: &Timeline) -> Vec<(usize, u64, usize, u64)> {
        let arrows = timeline.arrows.iter();
        let ends =
            arrows.map(|arrow| (arrow.from.cpu, arrow.from.time, arrow.to.cpu, arrow.to.time));
        ends.collect()
    }

    #[test]
    fn a_call_inside_a_processor() {
        let timeline = Timeline::of(&rings(&[&[
            (100, run(1)),
            (110, deliver(1, 2)),
            (112, run(2)),
            (120, deliver(2, 1)),
            (121, run(1)),
            (130, Event::Dispatch),
            (131, Event::Idle),
            (150, Event::Dispatch),
        ]]));
        let times: Vec<(u64, u64)> = timeline.slices.iter().map(|s| (s.start, s.end)).collect();
        assert_eq!(
            times,
            [(0, 12), (12, 21), (21, 30), (30, 31), (31, 50), (50, 50)]
        );
        assert_eq!(timeline.slices[4].what, What::Idle);
        assert_eq!(arrows(&timeline), [(0, 10, 0, 12), (0, 20, 0, 21)]);
        let why = Why::Message {
            from: 1,
            to: 2,
            tag: 5,
        };
        assert_eq!((timeline.arrows[0].why, timeline.instants.len()), (why, 2));
        assert_eq!(timeline.contradictions(), Vec::<String>::new());
    }

    #[test]
    fn a_message_to_another_processor() {
        let timeline = Timeline::of(&rings(&[
            &[
                (0, run(1)),
                (
                    10,
                    Event::Ask {
                        from: 1,
                        to: 2,
                        cpu: 1,
                    },
                ),
                (
                    11,
                    Event::Ipi {
                        apic_id: 1,
                        source: Source::Doorbell,
                    },
                ),
                (12, Event::Dispatch),
            ],
            &[
                (5, Event::Idle),
                (
                    20,
                    Event::Interrupt {
                        source: Source::Doorbell,
                        line: 0,
                    },
                ),
                (21, Event::Dispatch),
                (22, deliver(1, 2)),
                (25, run(2)),
            ],
        ]));
        assert_eq!(arrows(&timeline), [(0, 11, 1, 20), (0, 10, 1, 25)]);
        assert_eq!(timeline.arrows[0].why, Why::Interrupt(Source::Doorbell));
        assert_eq!(timeline.contradictions(), Vec::<String>::new());
    }

    #[test]
    fn a_sender_that_waited() {
        let timeline = Timeline::of(&rings(&[&[
            (0, run(1)),
            (10, run(2)),
            (15, deliver(1, 2)),
            (20, Event::Dispatch),
        ]]));
        assert_eq!(arrows(&timeline), [(0, 9, 0, 15)]);
    }

    #[test]
    fn what_was_lost_leaves_no_arrow_in_the_air() {
        let timeline = Timeline::of(&rings(&[
            &[
                (0, deliver(1, 2)),
                (1, run(2)),
                (
                    2,
                    Event::Interrupt {
                        source: Source::Ping,
                        line: 0,
                    },
                ),
                (3, deliver(2, 9)),
            ],
            &[
                (
                    4,
                    Event::Ask {
                        from: 7,
                        to: 8,
                        cpu: 0,
                    },
                ),
                (6, run(7)),
            ],
        ]));
        assert!(timeline.arrows.is_empty(), "{:?}", timeline.arrows);
        assert_eq!(timeline.slices.len(), 2);
        assert_eq!(Timeline::of(&rings(&[&[], &[]])).slices, []);
    }
}

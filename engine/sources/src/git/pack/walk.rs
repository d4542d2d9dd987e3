//! Decodes every node of the forests once, base before delta, on all cores, and shows what is wanted.
//!
//! A tree is walked depth-first with a stack of its own. A node's content is held while its children are decoded and let
//! go *before* the walk goes down into the last of them, which is the heaviest: so a chain of any length holds
//! two objects, and a tree of n nodes about log₂ n. When another thread has nothing to do, the heaviest subtree that was
//! not begun is handed over together with its base.
//!
//! INVARIANT: a wanted node is shown, or is among what was lost, or the visitor said stop.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use gix::objs::Kind;
use rayon::Scope;

use super::buffer::{Buffer, Buffers};
use super::delta::Delta;
use super::entry::Stored;
use super::fault::Fault;
use super::file::{Entry, Pack};
use super::forest::{Forest, Node};
use super::inflate::Inflate;
use crate::git::objects::reader::{Reader, inflate, within};
use crate::git::objects::sink::{Change, ObjectSink, Shown};
use crate::git::objects::store::Store;
use crate::visitor::Edit;
use crate::workers::Workers;

/// PERF: roots are handed out in portions of about so many compressed kibibytes: enough that handing out costs nothing,
/// few enough that all threads end together. Tests are content with less, to see it happen.
const PORTION_KIB: u32 = if cfg!(test) { 4 } else { 512 };

/// PERF: a subtree of fewer compressed kibibytes is not worth handing to another thread.
const WORTH_HANDING_OVER_KIB: u32 = if cfg!(test) { 1 } else { 64 };

/// One pack and what is to be decoded of it.
pub(crate) struct Plan<'s> {
    /// The pack's number in the store.
    pub(crate) number: usize,
    pub(crate) pack: &'s Pack,
    pub(crate) forest: Forest,
}

/// A wanted object that could not be decoded from this pack.
pub(crate) struct Lost {
    pub(crate) pack: usize,
    pub(crate) position: u32,
    pub(crate) fault: Fault,
}

/// The walk over all plans.
pub(crate) struct Walk<'a, S: ObjectSink> {
    store: &'a Store,
    sink: &'a S,
    workers: Workers<'a, Hands<'a, S>>,
    threads: usize,
    /// Tasks that no thread has begun.
    waiting: AtomicUsize,
    /// Bytes of bases that are held.
    live: AtomicU64,
    lost: Mutex<Vec<Lost>>,
}

/// What one thread works with.
struct Hands<'a, S: ObjectSink> {
    inflate: Inflate,
    instructions: Buffer,
    edits: Vec<Edit>,
    buffers: Buffers,
    /// For the few bases that are not at hand.
    reader: Option<Reader<'a>>,
    sink: S::Worker,
    objects: u64,
    bytes: u64,
}

/// A decoded object on which others are based.
struct Base<N> {
    kind: Kind,
    content: Buffer,
    note: Option<N>,
}

/// A base on the current path, and which of its children are still to be walked.
struct Frame<N> {
    number: u32,
    /// None when it was let go because too much was held: it is then decoded again.
    base: Option<Arc<Base<N>>>,
    next: u32,
    end: u32,
    depth: usize,
}

impl<'a, S: ObjectSink> Walk<'a, S> {
    pub(crate) fn new(store: &'a Store, sink: &'a S, threads: usize) -> Self {
        Self {
            store,
            sink,
            workers: Workers::new(move || Hands {
                inflate: Inflate::new(),
                instructions: Buffer::default(),
                edits: Vec::new(),
                buffers: Buffers::default(),
                reader: None,
                sink: sink.worker(),
                objects: 0,
                bytes: 0,
            }),
            threads,
            waiting: AtomicUsize::new(0),
            live: AtomicU64::new(0),
            lost: Mutex::default(),
        }
    }

    /// Walks all plans; returns what could not be decoded. To be called in a thread pool.
    pub(crate) fn run(self, plans: &'a [Plan<'a>]) -> Vec<Lost> {
        rayon::scope(|scope| {
            for plan in plans {
                for portion in portions(&plan.forest) {
                    let walk = &self;
                    self.waiting.fetch_add(1, Ordering::Relaxed);
                    scope.spawn(move |scope| walk.roots(scope, plan, portion));
                }
            }
        });
        self.lost
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn roots<'s>(&'s self, scope: &Scope<'s>, plan: &'s Plan<'s>, roots: std::ops::Range<u32>) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        let mut hands = self.workers.borrow();
        for root in roots {
            if self.sink.stop() {
                return;
            }
            if let Some(base) = self.visit(&mut hands, plan, root, None, 0) {
                self.descend(scope, &mut hands, plan, Frame::over(plan, root, base, 0));
            }
        }
        hands.report(self.sink);
    }

    /// Walks a subtree that another thread handed over: `number` and everything below it.
    fn handed_over<'s>(
        &'s self,
        scope: &Scope<'s>,
        plan: &'s Plan<'s>,
        number: u32,
        base: Arc<Base<S::Note>>,
        depth: usize,
    ) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        let mut hands = self.workers.borrow();
        let visited = self.visit(&mut hands, plan, number, Some(&base), depth);
        self.release(&mut hands, base);
        if let Some(base) = visited {
            self.descend(
                scope,
                &mut hands,
                plan,
                Frame::over(plan, number, base, depth),
            );
        }
        hands.report(self.sink);
    }

    /// Walks everything below the frame.
    fn descend<'s>(
        &'s self,
        scope: &Scope<'s>,
        hands: &mut Hands<'a, S>,
        plan: &'s Plan<'s>,
        top: Frame<S::Note>,
    ) {
        let mut frames = vec![top];
        while let Some(frame) = frames.last_mut() {
            if self.sink.stop() {
                break;
            }
            if frame.next >= frame.end {
                // The rest of it was handed over.
                let frame = frames.pop();
                frame
                    .and_then(|frame| frame.base)
                    .into_iter()
                    .for_each(|base| self.release(hands, base));
                continue;
            }
            let (child, depth) = (frame.next, frame.depth + 1);
            frame.next += 1;
            let last = frame.next >= frame.end;
            let base = match frame.base.take() {
                Some(base) => Ok(base),
                None => self.again(hands, plan, frame.number),
            };
            let (visited, base) = match base {
                Ok(base) => (
                    self.visit(hands, plan, child, Some(&base), depth),
                    Some(base),
                ),
                Err(fault) => {
                    self.lose(plan, child, &fault.of_base());
                    (None, None)
                }
            };
            frame.base = base;
            if last && let Some(frame) = frames.pop() {
                frame
                    .base
                    .into_iter()
                    .for_each(|base| self.release(hands, base));
            }
            if let Some(base) = visited {
                frames.push(Frame::over(plan, child, base, depth));
                self.keep_within_limit(hands, &mut frames);
            }
            self.hand_over(scope, plan, &mut frames);
        }
        for base in frames.into_iter().filter_map(|frame| frame.base) {
            self.release(hands, base);
        }
    }

    /// Decodes and shows one node; returns it when others are based on it.
    fn visit(
        &self,
        hands: &mut Hands<'a, S>,
        plan: &Plan<'_>,
        number: u32,
        base: Option<&Base<S::Note>>,
        depth: usize,
    ) -> Option<Arc<Base<S::Note>>> {
        let node = plan.forest.node(number)?;
        // Its id is needed when it is decoded.
        if let Some(position) = node.position().filter(|_| node.wanted()) {
            plan.pack.expect_id(position);
        }
        let decoded = if depth > self.store.limits.max_delta_depth {
            Err(Fault::TooDeep(self.store.limits.max_delta_depth))
        } else {
            self.decode(hands, plan.pack, node, base)
        };
        let (kind, content) = match decoded {
            Ok(decoded) => decoded,
            Err(fault) => {
                self.lose(plan, number, &fault);
                return None;
            }
        };
        let note = self.show_node(hands, plan, node, (kind, content.bytes()), base);
        if plan.forest.children(number).is_empty() {
            hands.buffers.give_back(content);
            return None;
        }
        self.live
            .fetch_add(content.capacity() as u64, Ordering::Relaxed);
        Some(Arc::new(Base {
            kind,
            content,
            note,
        }))
    }

    fn show_node(
        &self,
        hands: &mut Hands<'a, S>,
        plan: &Plan<'_>,
        node: &Node,
        (kind, content): (Kind, &[u8]),
        base: Option<&Base<S::Note>>,
    ) -> Option<S::Note> {
        let position = node.position().filter(|_| node.wanted())?;
        let id = plan.pack.id(position)?;
        if content.is_empty() {
            return None;
        }
        let change = base.and_then(|base| {
            Some(Change {
                note: base.note.as_ref()?,
                base: base.content.bytes(),
                edits: &hands.edits,
            })
        });
        let shown = Shown {
            id,
            kind,
            content,
            change,
            listed: Some((plan.number, position)),
        };
        self.sink.object(&mut hands.sink, &shown)
    }

    /// The kind and content of a node; leaves the edits that made it in the hands.
    fn decode(
        &self,
        hands: &mut Hands<'a, S>,
        pack: &Pack,
        node: &Node,
        base: Option<&Base<S::Note>>,
    ) -> Result<(Kind, Buffer), Fault> {
        let entry = pack.entry(node.offset)?;
        let mut content = hands.buffers.take();
        let limit = self.store.limits.max_object_bytes;
        let (kind, used) = match (entry.header.stored, base) {
            (Stored::Whole(kind), _) => (
                kind,
                inflate(&entry, &mut hands.inflate, &mut content, limit)?,
            ),
            (_, Some(base)) => (
                base.kind,
                hands.apply(&entry, base.content.bytes(), &mut content, limit)?,
            ),
            (Stored::IdDelta(id), None) => {
                let base = hands.reader(self.store).base(&id)?;
                (
                    base.kind,
                    hands.apply(&entry, base.content.bytes(), &mut content, limit)?,
                )
            }
            (Stored::OffsetDelta(_), None) => return Err(Fault::BaseNotAnEntry),
        };
        hands.objects += 1;
        hands.bytes += (entry.header.length + used) as u64;
        Ok((kind, content))
    }

    /// Decodes a base that was let go once more. Its note is gone, so what is based on it is looked at as a whole.
    fn again(
        &self,
        hands: &mut Hands<'a, S>,
        plan: &Plan<'_>,
        number: u32,
    ) -> Result<Arc<Base<S::Note>>, Fault> {
        let node = plan.forest.node(number).ok_or(Fault::OutsidePack)?;
        let decoded = hands.reader(self.store).decode(plan.pack, node.offset)?;
        self.live
            .fetch_add(decoded.content.capacity() as u64, Ordering::Relaxed);
        Ok(Arc::new(Base {
            kind: decoded.kind,
            content: decoded.content,
            note: None,
        }))
    }

    /// Lets go of a base; its buffer is used again when nobody else holds it.
    fn release(&self, hands: &mut Hands<'a, S>, base: Arc<Base<S::Note>>) {
        if let Some(base) = Arc::into_inner(base) {
            self.live
                .fetch_sub(base.content.capacity() as u64, Ordering::Relaxed);
            hands.buffers.give_back(base.content);
        }
    }

    /// Lets go of the bases farthest up while all threads together hold too much.
    fn keep_within_limit(&self, hands: &mut Hands<'a, S>, frames: &mut [Frame<S::Note>]) {
        let Some((_, above)) = frames.split_last_mut() else {
            return;
        };
        for frame in above {
            if self.live.load(Ordering::Relaxed) <= self.store.limits.max_live_base_bytes {
                return;
            }
            frame
                .base
                .take()
                .into_iter()
                .for_each(|base| self.release(hands, base));
        }
    }

    /// Gives the heaviest subtree that was not begun to a thread that has nothing to do.
    fn hand_over<'s>(
        &'s self,
        scope: &Scope<'s>,
        plan: &'s Plan<'s>,
        frames: &mut [Frame<S::Note>],
    ) {
        if self.waiting.load(Ordering::Relaxed) + 1 >= self.threads {
            return;
        }
        let top = frames.len().saturating_sub(1);
        for (level, frame) in frames.iter_mut().enumerate() {
            // The only child that is left of the frame on top is this thread's own next step.
            let spared = u32::from(level == top);
            if frame.end.saturating_sub(frame.next) <= spared {
                continue;
            }
            let child = frame.end - 1;
            let weight = plan.forest.node(child).map_or(0, |node| node.weight);
            if let Some(base) = frame
                .base
                .as_ref()
                .filter(|_| weight >= WORTH_HANDING_OVER_KIB)
            {
                let (base, depth) = (Arc::clone(base), frame.depth + 1);
                frame.end = child;
                self.waiting.fetch_add(1, Ordering::Relaxed);
                scope.spawn(move |scope| self.handed_over(scope, plan, child, base, depth));
                return;
            }
        }
    }

    /// Notes that a node, and so everything based on it, could not be decoded.
    fn lose(&self, plan: &Plan<'_>, number: u32, fault: &Fault) {
        let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        let mut objects = 0;
        for (distance, node) in plan.forest.subtree(number).enumerate() {
            objects += 1;
            if let Some(position) = node.position().filter(|_| node.wanted()) {
                let fault = fault.clone();
                lost.push(Lost {
                    pack: plan.number,
                    position,
                    fault: if distance == 0 {
                        fault
                    } else {
                        fault.of_base()
                    },
                });
            }
        }
        drop(lost);
        self.sink.advance(objects, 0);
    }
}

impl<N> Frame<N> {
    fn over(plan: &Plan<'_>, number: u32, base: Arc<Base<N>>, depth: usize) -> Self {
        let children = plan.forest.children(number);
        Self {
            number,
            base: Some(base),
            next: children.start,
            end: children.end,
            depth,
        }
    }
}

impl<'a, S: ObjectSink> Hands<'a, S> {
    fn reader(&mut self, store: &'a Store) -> &mut Reader<'a> {
        self.reader.get_or_insert_with(|| Reader::new(store))
    }

    /// Makes the result of a delta; returns the length of its compressed bytes.
    fn apply(
        &mut self,
        entry: &Entry<'_>,
        base: &[u8],
        result: &mut Buffer,
        limit: u64,
    ) -> Result<usize, Fault> {
        let used = inflate(entry, &mut self.inflate, &mut self.instructions, limit)?;
        let delta = Delta::parse(self.instructions.bytes())?;
        let size = within(delta.result_size, limit)?;
        delta.apply(base, result.resized(size), &mut self.edits)?;
        Ok(used)
    }

    /// Tells how much was done since the last time.
    fn report(&mut self, sink: &S) {
        sink.advance(
            std::mem::take(&mut self.objects),
            std::mem::take(&mut self.bytes),
        );
    }
}

/// The roots, in portions of about the same weight.
fn portions(forest: &Forest) -> Vec<std::ops::Range<u32>> {
    let mut portions = Vec::new();
    let (mut start, mut weight) = (0, 0_u32);
    for root in forest.roots() {
        weight = weight.saturating_add(forest.node(root).map_or(0, |node| node.weight));
        if weight >= PORTION_KIB {
            portions.push(start..root + 1);
            (start, weight) = (root + 1, 0);
        }
    }
    if start < forest.roots().end {
        portions.push(start..forest.roots().end);
    }
    portions
}

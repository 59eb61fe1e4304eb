//! The search through everything that power cuts may leave, and what became of it.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

use super::disk::{Disk, Image};
use super::trace::Call;
use super::trial::{Completed, Job};

/// A search ends after so many failures.
const MOST_FAILURES: usize = 5;

/// A trial waits for its processes most of the time.
const THREADS: usize = 3;

/// Power cuts at every moment.
pub(super) struct PowerCuts<'a> {
    images: SyncSender<Image>,
    /// Digests of the images so far.
    known: HashSet<u64>,
    tally: &'a Mutex<Tally>,
}

/// Results of the trials.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Calls after which a power cut may leave something else than before.
    pub(super) moments: usize,
    /// Images, all of them different.
    pub(super) images: usize,
    /// Those of them that left a torn line, which was ended with a warning.
    pub(super) torn_lines: usize,
    pub(super) failures: Vec<String>,
}

/// Tries every image that `cut` comes upon.
pub(super) fn search(job: &Job, cut: impl FnOnce(&mut PowerCuts)) -> Tally {
    let (sender, receiver) = sync_channel(THREADS);
    let receiver = Arc::new(Mutex::new(receiver));
    let tally = Mutex::new(Tally::default());
    thread::scope(|scope| {
        for _ in 0..THREADS {
            let (receiver, tally) = (Arc::clone(&receiver), &tally);
            scope.spawn(move || try_each(job, &receiver, tally));
        }
        // Nobody takes the images of this search any more if all threads have panicked.
        drop(receiver);
        cut(&mut PowerCuts {
            images: sender,
            known: HashSet::new(),
            tally: &tally,
        });
    });
    tally.into_inner().unwrap()
}

fn try_each(job: &Job, images: &Mutex<Receiver<Image>>, tally: &Mutex<Tally>) {
    loop {
        let received = images.lock().unwrap().recv();
        let Ok(image) = received else { return };
        let result = job.attempt(&image);
        let mut tally = tally.lock().unwrap();
        tally.images += 1;
        match result {
            Ok(Completed::Exactly) => {}
            Ok(Completed::BesideATornLine) => tally.torn_lines += 1,
            Err(problem) => {
                let problem = format!("{}\n{problem}", described(&image));
                tally.failures.push(problem);
            }
        }
    }
}

impl PowerCuts<'_> {
    /// Cuts the power after each of `calls`, which a process has made in `folder`.
    pub(super) fn during(&mut self, disk: &mut Disk, folder: &Path, calls: &[Call]) {
        let mut known = HashSet::new();
        disk.begin_process(folder);
        for call in calls {
            if !disk.apply(call) {
                continue;
            }
            self.tally.lock().unwrap().moments += 1;
            for outcome in disk.outcomes() {
                if self.is_over() {
                    return;
                }
                if known.insert(outcome.clone()) {
                    self.offer(disk.image(&outcome));
                }
            }
        }
    }

    fn is_over(&self) -> bool {
        self.tally.lock().unwrap().failures.len() >= MOST_FAILURES
    }

    fn offer(&mut self, image: Image) {
        let mut digest = DefaultHasher::new();
        image.hash(&mut digest);
        if self.known.insert(digest.finish()) {
            self.images.send(image).unwrap();
        }
    }
}

/// An image by the lengths of its files.
fn described(image: &Image) -> String {
    let files = image.iter();
    let lengths =
        files.map(|(name, content)| format!("{} ({} bytes)", name.display(), content.len()));
    lengths.collect::<Vec<_>>().join(", ")
}

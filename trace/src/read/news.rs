//! What the tables of a trace have gained, for a copy of them that is kept elsewhere.

use crate::ids::ThreadId;
use crate::objects::{Object, Thread};
use crate::read::tables::{Frame, Header, Tables};

/// How much of some tables a copy has.
#[derive(Debug, Default)]
pub(super) struct Known {
    header: Header,
    threads: usize,
    completed: usize,
    objects: usize,
    sites: usize,
    stacks: usize,
    texts: usize,
}

/// What a copy lacks. Tables only grow, except that the header may come late, and more may become known of a thread.
#[derive(Debug)]
pub(super) struct News {
    header: Option<Header>,
    threads: Vec<Thread>,
    completed: Vec<(ThreadId, Thread)>,
    objects: Vec<Object>,
    sites: Vec<String>,
    stacks: Vec<Vec<Frame>>,
    texts: Vec<String>,
}

impl Known {
    /// What `tables` have and the copy has not; from now on it is taken to have that. Takes time in what is new.
    pub(super) fn news(&mut self, tables: &Tables) -> News {
        let header = (self.header != *tables.header()).then(|| tables.header().clone());
        self.header.clone_from(tables.header());
        let threads = added(tables.threads().iter(), &mut self.threads);
        let completed = added(tables.completed_threads().iter(), &mut self.completed);
        News {
            header,
            threads,
            completed: completed.into_iter().map(|id| (id, tables.thread(id).clone())).collect(),
            objects: added(tables.objects().iter(), &mut self.objects),
            sites: added(tables.sites(), &mut self.sites),
            stacks: added(tables.stacks(), &mut self.stacks),
            texts: added(tables.texts(), &mut self.texts),
        }
    }
}

fn added<'a, T: Clone + 'a>(all: impl ExactSizeIterator<Item = &'a T>, known: &mut usize) -> Vec<T> {
    let count = all.len();
    let added = all.skip(*known).cloned().collect();
    *known = count;
    added
}

impl News {
    /// Completes the copy. What it had keeps its id, what is new gets the one that it has in the original.
    pub(super) fn tell(self, copy: &mut Tables) {
        if let Some(header) = self.header {
            copy.set_header(header);
        }
        for thread in self.threads {
            copy.add_thread(thread);
        }
        for (id, Thread { name, at, .. }) in self.completed {
            copy.complete_thread(id, name, at);
        }
        for object in self.objects {
            copy.add_object(object);
        }
        for site in self.sites {
            copy.intern_site(&site);
        }
        for stack in self.stacks {
            copy.intern_stack(&stack);
        }
        for text in self.texts {
            copy.intern_text(&text);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::objects::ObjectKind;

    /// Something that a reader does to its tables.
    #[derive(Clone, Debug)]
    enum Step {
        Header(String),
        Thread(String),
        Complete(usize, String),
        Object(String),
        Site(String),
        Stack(Vec<String>),
        Text(String),
        Tell,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let name = || "[a-e]{1,2}";
        let step = prop_oneof![
            1 => name().prop_map(Step::Header),
            2 => name().prop_map(Step::Thread),
            2 => (0usize..8, name()).prop_map(|(thread, name)| Step::Complete(thread, name)),
            2 => name().prop_map(Step::Object),
            2 => name().prop_map(Step::Site),
            2 => prop::collection::vec(name(), 0..3).prop_map(Step::Stack),
            2 => name().prop_map(Step::Text),
            3 => Just(Step::Tell),
        ];
        prop::collection::vec(step, 0..60)
    }

    fn perform(step: Step, tables: &mut Tables) {
        match step {
            Step::Header(program) => tables.set_header(Header { program: Some(program), ..Header::default() }),
            Step::Thread(id) => drop(tables.thread_named(&id)),
            Step::Complete(thread, name) => {
                if thread < tables.threads().len() {
                    tables.complete_thread(ThreadId::from_index(thread), Some(name), None);
                }
            }
            Step::Object(id) => drop(tables.object_named(&id, ObjectKind::Condvar)),
            Step::Site(site) => drop(tables.intern_site(&site)),
            Step::Stack(frames) => {
                let frames: Vec<Frame> = frames.into_iter().map(|frame| Frame::Text(frame.into())).collect();
                tables.intern_stack(&frames);
            }
            Step::Text(text) => drop(tables.intern_text(&text)),
            Step::Tell => {}
        }
    }

    fn assert_same(copy: &Tables, original: &Tables) {
        assert_eq!(copy.header(), original.header());
        assert_eq!(copy.threads(), original.threads());
        assert_eq!(copy.objects(), original.objects());
        assert!(copy.sites().eq(original.sites()));
        assert!(copy.stacks().eq(original.stacks()));
        assert!(copy.texts().eq(original.texts()));
        for thread in original.threads() {
            assert_eq!(copy.find_thread(&thread.id), original.find_thread(&thread.id));
        }
        for object in original.objects() {
            assert_eq!(copy.find_object(&object.id), original.find_object(&object.id));
        }
    }

    proptest! {
        #[test]
        fn a_copy_that_hears_all_news_is_the_same(steps in steps()) {
            let (mut original, mut copy, mut known) = (Tables::default(), Tables::default(), Known::default());
            for step in steps {
                let tell = matches!(step, Step::Tell);
                perform(step, &mut original);
                if tell {
                    known.news(&original).tell(&mut copy);
                    assert_same(&copy, &original);
                }
            }
        }
    }
}

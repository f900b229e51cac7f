//! Continuations of one prompt, merged where they begin alike.

use super::likelihood::Continuation;

/// Some continuations of one prompt as a tree of ids.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct TokenTree {
    /// The ids that the model has to read: those that something follows.
    pub(super) ids: Vec<u32>,
    /// For each of them the one before it, which has a smaller number; `None` follows the prompt.
    pub(super) parents: Vec<Option<usize>>,
    /// Every beginning of a continuation, each behind the one that is an id shorter.
    pub(super) beginnings: Vec<Beginning>,
    /// Continuations by their number, and the beginning that is all of each.
    pub(super) ends: Vec<(usize, usize)>,
}

/// The first ids of one or several continuations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Beginning {
    /// The beginning without its last id.
    pub(super) before: Option<usize>,
    /// Its last id.
    pub(super) id: u32,
    /// Its place among the ids that are read, if something follows it.
    read: Option<usize>,
}

impl TokenTree {
    /// The trees of the continuations of prompt `row`, each with at most `most` ids to read unless a single
    /// continuation has more.
    pub(super) fn of_row(row: usize, continuations: &[Continuation], most: usize) -> Vec<Self> {
        let mut order: Vec<usize> = (0..continuations.len())
            .filter(|at| continuations[*at].row == row)
            .collect();
        // In this order each shares its longest beginning with its neighbour.
        order.sort_by_key(|at| &continuations[*at].ids);
        let mut trees = Vec::new();
        let mut tree = Self::default();
        let mut path: Vec<usize> = Vec::new();
        let mut read = 0;
        for at in order {
            let ids = &continuations[at].ids;
            if read > 0 && read + tree.added(&path, ids) > most {
                trees.push(std::mem::take(&mut tree).numbered());
                path.clear();
                read = 0;
            }
            read += tree.added(&path, ids);
            tree.add(&mut path, ids);
            if let Some(end) = path.last() {
                tree.ends.push((at, *end));
            }
        }
        if !tree.ends.is_empty() {
            trees.push(tree.numbered());
        }
        trees
    }

    /// The id that is read before the last of a beginning, `None` for the prompt.
    pub(super) fn reads_before(&self, beginning: &Beginning) -> Option<usize> {
        beginning
            .before
            .and_then(|before| self.beginnings[before].read)
    }

    /// How many ids a beginning has before its last.
    pub(super) fn ids_before(&self, beginning: usize) -> usize {
        let before = |at: &usize| self.beginnings[*at].before;
        std::iter::successors(before(&beginning), before).count()
    }

    /// How many of the ids are on the path already.
    fn shared(&self, path: &[usize], ids: &[u32]) -> usize {
        let pairs = path.iter().zip(ids);
        pairs
            .take_while(|(at, id)| self.beginnings[**at].id == **id)
            .count()
    }

    /// How many more ids must be read with `ids` in the tree.
    fn added(&self, path: &[usize], ids: &[u32]) -> usize {
        let new = self.shared(path, ids)..ids.len();
        // The last id is only predicted. The last shared one, if nothing followed it so far, is read now.
        let was_last =
            !new.is_empty() && new.start > 0 && self.beginnings[path[new.start - 1]].read.is_none();
        new.len().saturating_sub(1) + usize::from(was_last)
    }

    /// Adds `ids`; `path` becomes their beginnings, from the shortest.
    fn add(&mut self, path: &mut Vec<usize>, ids: &[u32]) {
        path.truncate(self.shared(path, ids));
        for id in &ids[path.len()..] {
            let before = path.last().copied();
            if let Some(before) = before {
                // Numbered when all are known.
                self.beginnings[before].read = Some(0);
            }
            path.push(self.beginnings.len());
            self.beginnings.push(Beginning {
                before,
                id: *id,
                read: None,
            });
        }
    }

    fn numbered(mut self) -> Self {
        for at in 0..self.beginnings.len() {
            if self.beginnings[at].read.is_some() {
                let one = self.beginnings[at];
                self.parents.push(self.reads_before(&one));
                self.beginnings[at].read = Some(self.ids.len());
                self.ids.push(one.id);
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn continuations(all: &[(usize, &[u32])]) -> Vec<Continuation> {
        let one = |(row, ids): &(usize, &[u32])| Continuation {
            row: *row,
            ids: ids.to_vec(),
        };
        all.iter().map(one).collect()
    }

    /// The ids of each continuation, read off the trees.
    fn read_back(trees: &[TokenTree]) -> Vec<(usize, Vec<u32>)> {
        let mut found: Vec<(usize, Vec<u32>)> = Vec::new();
        for tree in trees {
            for (continuation, end) in &tree.ends {
                let back = std::iter::successors(Some(*end), |at| tree.beginnings[*at].before);
                let mut ids: Vec<u32> = back.map(|at| tree.beginnings[at].id).collect();
                ids.reverse();
                found.push((*continuation, ids));
            }
        }
        found.sort();
        found
    }

    #[test]
    fn beginnings_are_read_once_and_last_ids_never() {
        let all = continuations(&[
            (0, &[5, 2]),
            (0, &[5, 7, 8, 2]),
            (0, &[5, 7, 9, 2]),
            (0, &[6]),
            (1, &[5, 2]),
            (0, &[5, 7, 2]),
            (0, &[6]),
        ]);
        let trees = TokenTree::of_row(0, &all, 100);
        assert_eq!(trees.len(), 1);
        let tree = &trees[0];
        assert_eq!(tree.ids, [5, 7, 8, 9]);
        assert_eq!(tree.parents, [None, Some(0), Some(1), Some(1)]);
        // 5; 52, 57; 572, 578, 579; 5782, 5792; 6.
        assert_eq!(tree.beginnings.len(), 9);
        let from: Vec<(Option<usize>, u32)> = tree
            .beginnings
            .iter()
            .map(|one| (tree.reads_before(one), one.id))
            .collect();
        for expected in [
            (None, 5),
            (None, 6),
            (Some(0), 2),
            (Some(1), 2),
            (Some(3), 2),
        ] {
            assert!(from.contains(&expected), "{from:?}");
        }
        let expected: Vec<(usize, Vec<u32>)> = [0, 1, 2, 3, 5, 6]
            .map(|at| (at, all[at].ids.clone()))
            .to_vec();
        assert_eq!(read_back(&trees), expected);
        let other = TokenTree::of_row(1, &all, 100);
        assert_eq!((other.len(), other[0].ids.as_slice()), (1, &[5][..]));
        assert_eq!(TokenTree::of_row(2, &all, 100), []);
    }

    #[test]
    fn large_trees_come_in_pieces_that_miss_nothing() {
        let ids: Vec<Vec<u32>> = (0..60u32)
            .map(|n| (0..n % 9 + 1).map(|at| n % (at + 3)).collect())
            .collect();
        let all: Vec<Continuation> = ids
            .into_iter()
            .map(|ids| Continuation { row: 0, ids })
            .collect();
        let whole = TokenTree::of_row(0, &all, 10_000);
        assert_eq!(whole.len(), 1);
        for most in [1, 8, 20] {
            let trees = TokenTree::of_row(0, &all, most);
            assert!(trees.len() > 1);
            // 8 ids of the longest continuation are read.
            assert!(
                trees.iter().all(|tree| tree.ids.len() <= most.max(8)),
                "{most}"
            );
            assert_eq!(read_back(&trees), read_back(&whole));
        }
    }
}

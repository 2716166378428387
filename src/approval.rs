//! Whether a job goes once somebody approves it: one approval, or those of several people.
//!
//! An approval is for one content, known by its digest: an edit leaves none. Where several people must
//! approve, each counts once, and who handed the job in does not count at all. Where one approval is
//! enough, anybody's is.

/// An approval that a job has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Who gave it: the name alone.
    pub person: String,
    /// The digest of the content that was approved.
    pub digest: String,
}

/// What an approval is measured against.
#[derive(Clone, Copy, Debug)]
pub struct Demand<'a> {
    /// How many people must approve.
    pub needed: u32,
    /// The digest of the present content.
    pub digest: &'a str,
    /// Who handed the job in, if that is known.
    pub submitter: Option<&'a str>,
}

/// What one more approval means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The job goes.
    Goes,
    /// It counts, and more are needed.
    Counts {
        /// How many there are now.
        given: u32,
        /// How many are needed.
        needed: u32,
    },
    /// It does not count: the person handed the job in.
    Own,
    /// It does not count: the person approved this content before.
    Again,
}

impl Demand<'_> {
    /// Decides what the approval of a person means for a job with these approvals.
    pub fn decide(self, given: &[Approval], person: &str) -> Verdict {
        if self.needed <= 1 {
            return Verdict::Goes;
        }
        if self.submitter == Some(person) {
            return Verdict::Own;
        }
        let others = self.counted(given).filter(|one| one.person != person).count();
        let had = self.counted(given).any(|one| one.person == person);
        let given = u32::try_from(others).unwrap_or(u32::MAX).saturating_add(1);
        match (given >= self.needed, had) {
            // Fewer may be needed than when the first ones approved.
            (true, _) => Verdict::Goes,
            (false, true) => Verdict::Again,
            (false, false) => Verdict::Counts { given, needed: self.needed },
        }
    }

    /// Returns the approvals that count.
    fn counted<'g>(self, given: &'g [Approval]) -> impl Iterator<Item = &'g Approval>
    where
        Self: 'g,
    {
        given.iter().filter(move |one| {
            one.digest == self.digest && Some(one.person.as_str()) != self.submitter
        })
    }
}

/// Returns the name in `anne via console`, `anne (uid 1000)` or `uid 1000`: one person is the same one
/// however an approval comes in.
pub fn person(who: &str) -> &str {
    match who.split_once(' ') {
        Some(("uid", _)) | None => who,
        Some((name, _)) => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(approvals: &[(&str, &str)]) -> Vec<Approval> {
        let one = |(person, digest): &(&str, &str)| Approval {
            person: (*person).to_owned(),
            digest: (*digest).to_owned(),
        };
        approvals.iter().map(one).collect()
    }

    #[test]
    fn each_person_counts_once_for_the_present_content_and_the_submitter_never() {
        let counts = |given, needed| Verdict::Counts { given, needed };
        for (needed, submitter, before, person, verdict) in [
            // One is enough, whoever it is.
            (0, None, &[][..], "anne", Verdict::Goes),
            (1, None, &[], "anne", Verdict::Goes),
            (1, Some("anne"), &[], "anne", Verdict::Goes),
            // Two people.
            (2, None, &[], "anne", counts(1, 2)),
            (2, None, &[("anne", "new")], "anne", Verdict::Again),
            (2, None, &[("anne", "new")], "bert", Verdict::Goes),
            (2, None, &[("anne", "old")], "bert", counts(1, 2)),
            (2, None, &[("anne", "old")], "anne", counts(1, 2)),
            // The submitter.
            (2, Some("anne"), &[], "anne", Verdict::Own),
            (2, Some("anne"), &[("bert", "new")], "anne", Verdict::Own),
            (2, Some("anne"), &[("bert", "new")], "carl", Verdict::Goes),
            (2, Some("bert"), &[("bert", "new")], "carl", counts(1, 2)),
            // More were needed before.
            (2, None, &[("anne", "new"), ("bert", "new")], "anne", Verdict::Goes),
            (3, None, &[("anne", "new")], "bert", counts(2, 3)),
        ] {
            let demand = Demand { needed, digest: "new", submitter };
            let found = demand.decide(&given(before), person);
            assert_eq!(found, verdict, "{needed} {submitter:?} {before:?} {person}");
        }
    }

    #[test]
    fn a_person_is_the_same_one_however_an_approval_comes_in() {
        for (who, name) in [
            ("anne via API", "anne"),
            ("anne via console", "anne"),
            ("anne (uid 1000)", "anne"),
            ("anne", "anne"),
            ("uid 1000", "uid 1000"),
        ] {
            assert_eq!(person(who), name);
        }
    }
}

//! The organisations that records name.

use crate::api::Record;
use crate::json::decode_string;

/// Counts of the records that name each organisation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Organisations {
    /// Rarely more than one, so a list is quicker than a map.
    counts: Vec<Organisation>,
}

/// An organisation, and the number of records that name it.
#[derive(Clone, Debug)]
struct Organisation {
    id: String,
    /// The id as its first record writes it. Comparing this saves decoding nearly all others.
    json: String,
    records: u64,
}

impl Organisations {
    /// Limit for the organisations that are counted: a page could name another one in each record.
    const MOST: usize = 64;

    /// Counts the organisation that `record` names, if it names one.
    pub(crate) fn note(&mut self, record: &Record) {
        if let Some(json) = record.organization_id_json() {
            self.count(json);
        }
    }

    fn count(&mut self, json: &str) {
        if let Some(organisation) = self
            .counts
            .iter_mut()
            .find(|organisation| organisation.json == json)
        {
            organisation.records += 1;
            return;
        }
        let Some(id) = decode_string(json) else {
            return;
        };
        if let Some(organisation) = self
            .counts
            .iter_mut()
            .find(|organisation| organisation.id == id)
        {
            organisation.records += 1;
        } else if self.counts.len() < Self::MOST {
            self.counts.push(Organisation {
                id: id.into_owned(),
                json: json.to_owned(),
                records: 1,
            });
        }
    }

    /// The organisation that most records name. A few may name another, such as that of Verkada's support.
    pub(crate) fn most_named(&self) -> Option<&str> {
        // Of equals the first one: `max_by_key` takes the last.
        let most = self
            .counts
            .iter()
            .rev()
            .max_by_key(|organisation| organisation.records);
        most.map(|organisation| organisation.id.as_str())
    }

    /// Reports whether any record names `id`.
    pub(crate) fn contains(&self, id: &str) -> bool {
        self.counts.iter().any(|organisation| organisation.id == id)
    }
}

#[cfg(test)]
impl<'a> FromIterator<&'a str> for Organisations {
    fn from_iter<I: IntoIterator<Item = &'a str>>(ids: I) -> Self {
        let mut organisations = Self::default();
        ids.into_iter()
            .for_each(|id| organisations.count(&format!("\"{id}\"")));
        organisations
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_organisation_is_the_one_that_most_records_name() {
        let of = |ids: &[&str]| {
            let organisations: Organisations = ids.iter().copied().collect();
            organisations.most_named().map(str::to_owned)
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&["support", "own", "own"]).as_deref(), Some("own"));
        assert_eq!(of(&["own", "own", "support"]).as_deref(), Some("own"));
        assert_eq!(of(&["first", "second"]).as_deref(), Some("first"));
        assert_eq!(of(&["a", "own", r"\u006fwn"]).as_deref(), Some("own"));
    }

    #[test]
    fn a_page_of_many_names_takes_no_more_memory() {
        let ids: Vec<_> = (0..1_000).map(|number| number.to_string()).collect();
        let organisations: Organisations = ids.iter().map(String::as_str).collect();
        assert_eq!(organisations.counts.len(), Organisations::MOST);
        assert!(organisations.contains("0") && !organisations.contains("999"));
    }
}

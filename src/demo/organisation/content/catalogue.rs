//! The people, API keys, sites and cameras of every simulated organisation. All are invented.
//!
//! Names are kept escaped for JSON, some as UTF-8 and some as `\u` escapes: a client must pass both
//! through unchanged.

use crate::demo::organisation::random::{Dice, mix, uuid};

/// Kind of thing that an identifier names, so that equal numbers of different kinds get different
/// identifiers.
#[derive(Clone, Copy)]
enum IdKind {
    Organisation,
    Person,
    Camera,
    Serial,
}

/// Local part of the e-mail address, name escaped for JSON, usual IP address, and index of the site
/// whose cameras the person looks after.
const PEOPLE: [(&str, &str, &str, usize); 12] = [
    ("ops.admin", "Ops Admin", "203.0.113.25", 0),
    ("mina.park", "Mina Park", "198.51.100.14", 1),
    ("jurgen.weiss", "Jürgen Weiß", "192.0.2.77", 2),
    ("yuki.tanaka", "田中 由紀", "203.0.113.90", 3),
    ("sam.o'neil", r#"Sam \"Sunny\" O'Neil"#, "198.51.100.201", 4),
    (
        "zoe.angstrom",
        r"Zo\u00eb \u00c5ngstr\u00f6m",
        "192.0.2.18",
        0,
    ),
    ("maria.lopez", "María López", "198.51.100.33", 1),
    ("emre.yildiz", "Emre Yıldız", "192.0.2.140", 2),
    ("ken.mori", "Ken Mori", "203.0.113.91", 3),
    ("front.desk", "Front Desk / Reception", "198.51.100.77", 4),
    (
        "night.guard",
        r"Night Guard \ud83c\udf19",
        "198.51.100.78",
        1,
    ),
    ("it.support", r"IT \\ Support", "203.0.113.40", 0),
];

/// Name of a site and names of its cameras, escaped for JSON.
const SITES: [(&str, [&str; 8]); 5] = [
    (
        "HQ",
        [
            "Lobby",
            r#"Hall, \"East\"\nlevel 1"#,
            "Server Room",
            "Stairwell A",
            "Stairwell B",
            "Car Park Entry",
            "Car Park Exit",
            "Roof",
        ],
    ),
    (
        "Warehouse North",
        [
            "Loading Dock 1",
            "Loading Dock 2",
            "Loading Dock 3",
            "Aisle 4",
            "Aisle 9",
            "Cage",
            "Gate",
            "Yard",
        ],
    ),
    (
        "Büro München",
        [
            "Empfang – Süd",
            "Empfang – Nord",
            "Flur 2. OG",
            "Tiefgarage",
            "Küche",
            "Lager",
            r"T\u00fcr West",
            "Hof",
        ],
    ),
    (
        "東京オフィス",
        [
            "受付 カメラ",
            "会議室 A",
            "会議室 B",
            r"\u5009\u5eab",
            "廊下",
            "駐車場",
            "非常口",
            "屋上",
        ],
    ),
    (
        r#"Store \"Riverside\""#,
        [
            "Till 1",
            "Till 2",
            "Entrance",
            "Back Door",
            "Stock Room",
            r"Caf\u00e9",
            "Terrace",
            "Delivery Bay",
        ],
    ),
];

/// Name of a key, the last characters of the key, which audit logs show unmasked, and index of its
/// owner in [`PEOPLE`].
const API_KEYS: [(&str, &str, usize); 4] = [
    ("siem-export", "q7Zt==", 0),
    ("camera-health", "Xk03A=", 11),
    ("badge-sync", "mR9bw=", 5),
    ("legacy-pull", "4f90c2", 0),
];

/// A member of the organisation.
pub(super) struct Person {
    /// The `user_email`, `user_id` and `user_name` fields, each followed by a comma.
    pub(super) fields: String,
    /// The `user_id` alone, without quotes.
    pub(super) id: String,
    /// The IP address the person usually works from.
    pub(super) ip_address: &'static str,
    /// Index of the site whose cameras the person looks after.
    pub(super) site: usize,
}

/// A camera.
pub(super) struct Camera {
    /// The `device_id`, without quotes.
    pub(super) id: String,
    /// The whole object that an audit log's `devices` lists.
    pub(super) device: String,
}

/// A key for the public API.
pub(super) struct ApiKey {
    /// The `api_key`, `api_key_name` and `key_owner_id` fields, each followed by a comma.
    pub(super) fields: String,
    /// Index of the owner in [`Catalogue::people`].
    pub(super) owner: usize,
}

/// Everything that records refer to.
pub(crate) struct Catalogue {
    /// The `organization_id` of every audit log.
    pub(crate) organisation_id: String,
    pub(super) people: Vec<Person>,
    pub(super) api_keys: Vec<ApiKey>,
    sites: Vec<Vec<Camera>>,
}

impl Catalogue {
    /// Creates the catalogue of an organisation. Only the identifiers depend on the seed.
    pub(crate) fn new(seed: u64) -> Self {
        let id = |kind: IdKind, number: usize| mix(mix(seed, kind as u64), number as u64);
        let people: Vec<_> = (0..PEOPLE.len())
            .map(|number| person(number, uuid(id(IdKind::Person, number))))
            .collect();
        let camera = |site: usize, place: usize| {
            let number = site * SITES[site].1.len() + place;
            camera(
                site,
                place,
                uuid(id(IdKind::Camera, number)),
                id(IdKind::Serial, number),
            )
        };
        Self {
            organisation_id: uuid(id(IdKind::Organisation, 0)),
            api_keys: API_KEYS.iter().map(|key| api_key(key, &people)).collect(),
            people,
            sites: (0..SITES.len())
                .map(|site| {
                    (0..SITES[site].1.len())
                        .map(|place| camera(site, place))
                        .collect()
                })
                .collect(),
        }
    }

    /// Draws a camera of a site.
    pub(super) fn camera_at(&self, site: usize, dice: &mut Dice) -> &Camera {
        dice.pick(&self.sites[site])
    }

    /// Draws a camera of any site.
    pub(super) fn any_camera(&self, dice: &mut Dice) -> &Camera {
        let site = dice.pick(&self.sites);
        dice.pick(site)
    }
}

fn person(number: usize, id: String) -> Person {
    let (address, name, ip_address, site) = PEOPLE[number];
    let fields =
        format!(r#""user_email":"{address}@example.com","user_id":"{id}","user_name":"{name}","#);
    Person {
        fields,
        id,
        ip_address,
        site,
    }
}

fn api_key(&(name, tail, owner): &(&str, &str, usize), people: &[Person]) -> ApiKey {
    let masked = format!("{}{tail}", "*".repeat(34));
    let owner_id = &people[owner].id;
    let fields =
        format!(r#""api_key":"{masked}","api_key_name":"{name}","key_owner_id":"{owner_id}","#);
    ApiKey { fields, owner }
}

fn camera(site: usize, place: usize, id: String, serial: u64) -> Camera {
    let (site_name, places) = SITES[site];
    let place_name = places[place];
    // The API sends null details for some devices.
    let details = match place {
        7 => "null".to_owned(),
        _ => format!(
            r#"{{"serial_number":"ZZZZ-{:04X}-{:04X}"}}"#,
            serial >> 48,
            serial & 0xffff
        ),
    };
    let mut device =
        format!(r#"{{"details":{details},"device_id":"{id}","device_name":"{place_name}","#);
    device += &format!(r#""device_site_name":"{site_name}","device_type":"Camera"}}"#);
    Camera { id, device }
}

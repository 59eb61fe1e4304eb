//! The people, keys, sites and cameras of every simulated organisation. All of them are invented.
//!
//! Texts are kept as they stand in JSON, already escaped, some as UTF-8 and some as `\u` escapes:
//! the API's clients must pass both through.

use super::random::{Dice, mix, uuid};

/// What an identifier is for, so that equal numbers of different kinds get different identifiers.
#[derive(Clone, Copy)]
enum Kind {
    Organisation,
    Person,
    Camera,
    Serial,
}

/// E-mail name, name as JSON text, usual address, and index of the site whose cameras they look
/// after.
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

/// Name of a site and of its cameras, as JSON text.
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

/// Key name, the end of the key that audit logs show in clear, and index of its owner among the
/// people.
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
    /// The address they usually work from.
    pub(super) ip_address: &'static str,
    /// Index of the site whose cameras they look after.
    pub(super) site: usize,
}

/// A camera.
pub(super) struct Camera {
    /// The `device_id`, without quotes.
    pub(super) id: String,
    /// The whole object that stands in an audit log's `devices`.
    pub(super) device: String,
}

/// A key for the public API.
pub(super) struct ApiKey {
    /// The `api_key`, `api_key_name` and `key_owner_id` fields, each followed by a comma.
    pub(super) fields: String,
    /// Index of the owner among the people.
    pub(super) owner: usize,
}

/// Everything that records refer to.
pub(super) struct Catalogue {
    pub(super) organisation_id: String,
    pub(super) people: Vec<Person>,
    pub(super) api_keys: Vec<ApiKey>,
    sites: Vec<Vec<Camera>>,
}

impl Catalogue {
    /// The catalogue of an organisation; only the identifiers depend on the seed.
    pub(super) fn new(seed: u64) -> Self {
        let id = |kind: Kind, number: usize| mix(mix(seed, kind as u64), number as u64);
        let people: Vec<_> = (0..PEOPLE.len())
            .map(|number| person(number, uuid(id(Kind::Person, number))))
            .collect();
        let camera = |site: usize, place: usize| {
            let number = site * SITES[site].1.len() + place;
            camera(
                site,
                place,
                uuid(id(Kind::Camera, number)),
                id(Kind::Serial, number),
            )
        };
        Self {
            organisation_id: uuid(id(Kind::Organisation, 0)),
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

    /// A camera of a site.
    pub(super) fn camera_at(&self, site: usize, dice: &mut Dice) -> &Camera {
        dice.pick(&self.sites[site])
    }

    /// A camera of any site.
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
    // The API leaves a device's details empty for some devices.
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

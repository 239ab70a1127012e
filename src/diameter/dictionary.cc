#include "diameter/dictionary.h"

#include <algorithm>
#include <iterator>

namespace farthing::diameter {

namespace {

constexpr Known of_base(std::uint32_t code, Type type, bool must = true) {
    return {static_cast<Key>(code), type, must};
}
constexpr Known of_3gpp(std::uint32_t code, Type type) {
    return {static_cast<Key>(of_vendor(kThreeGpp, code)), type, true};
}

// In the order of their keys.
constexpr Known kKnown[] = {
    of_base(1, Type::text),                 // User-Name
    of_base(11, Type::text),                // Filter-Id
    of_base(25, Type::octets),              // Class
    of_base(27, Type::unsigned32),          // Session-Timeout
    of_base(30, Type::text),                // Called-Station-Id
    of_base(33, Type::octets),              // Proxy-State
    of_base(50, Type::text),                // Acct-Multi-Session-Id
    of_base(55, Type::time),                // Event-Timestamp
    of_base(257, Type::address),            // Host-IP-Address
    of_base(258, Type::unsigned32),         // Auth-Application-Id
    of_base(259, Type::unsigned32),         // Acct-Application-Id
    of_base(260, Type::grouped),            // Vendor-Specific-Application-Id
    of_base(261, Type::unsigned32),         // Redirect-Host-Usage
    of_base(262, Type::unsigned32),         // Redirect-Max-Cache-Time
    of_base(263, Type::text),               // Session-Id
    of_base(264, Type::text),               // Origin-Host
    of_base(265, Type::unsigned32),         // Supported-Vendor-Id
    of_base(266, Type::unsigned32),         // Vendor-Id
    of_base(267, Type::unsigned32, false),  // Firmware-Revision
    of_base(268, Type::unsigned32),         // Result-Code
    of_base(269, Type::text, false),        // Product-Name
    of_base(270, Type::unsigned32),         // Session-Binding
    of_base(271, Type::unsigned32),         // Session-Server-Failover
    of_base(272, Type::unsigned32),         // Multi-Round-Time-Out
    of_base(273, Type::unsigned32),         // Disconnect-Cause
    of_base(274, Type::unsigned32),         // Auth-Request-Type
    of_base(276, Type::unsigned32),         // Auth-Grace-Period
    of_base(277, Type::unsigned32),         // Auth-Session-State
    of_base(278, Type::unsigned32),         // Origin-State-Id
    of_base(279, Type::grouped),            // Failed-AVP
    of_base(280, Type::text),               // Proxy-Host
    of_base(281, Type::text, false),        // Error-Message
    of_base(282, Type::text),               // Route-Record
    of_base(283, Type::text),               // Destination-Realm
    of_base(284, Type::grouped),            // Proxy-Info
    of_base(285, Type::unsigned32),         // Re-Auth-Request-Type
    of_base(287, Type::unsigned64),         // Accounting-Sub-Session-Id
    of_base(291, Type::unsigned32),         // Authorization-Lifetime
    of_base(292, Type::text),               // Redirect-Host
    of_base(293, Type::text),               // Destination-Host
    of_base(294, Type::text, false),        // Error-Reporting-Host
    of_base(295, Type::unsigned32),         // Termination-Cause
    of_base(296, Type::text),               // Origin-Realm
    of_base(297, Type::grouped),            // Experimental-Result
    of_base(298, Type::unsigned32),         // Experimental-Result-Code
    of_base(299, Type::unsigned32),         // Inband-Security-Id
    of_base(411, Type::octets, false),      // CC-Correlation-Id
    of_base(412, Type::unsigned64),         // CC-Input-Octets
    of_base(413, Type::grouped),            // CC-Money
    of_base(414, Type::unsigned64),         // CC-Output-Octets
    of_base(415, Type::unsigned32),         // CC-Request-Number
    of_base(416, Type::unsigned32),         // CC-Request-Type
    of_base(417, Type::unsigned64),         // CC-Service-Specific-Units
    of_base(418, Type::unsigned32),         // CC-Session-Failover
    of_base(419, Type::unsigned64),         // CC-Sub-Session-Id
    of_base(420, Type::unsigned32),         // CC-Time
    of_base(421, Type::unsigned64),         // CC-Total-Octets
    of_base(422, Type::unsigned32),         // Check-Balance-Result
    of_base(423, Type::grouped),            // Cost-Information
    of_base(424, Type::text),               // Cost-Unit
    of_base(425, Type::unsigned32),         // Currency-Code
    of_base(426, Type::unsigned32),         // Credit-Control
    of_base(427, Type::unsigned32),         // Credit-Control-Failure-Handling
    of_base(428, Type::unsigned32),         // Direct-Debiting-Failure-Handling
    of_base(429, Type::integer32),          // Exponent
    of_base(430, Type::grouped),            // Final-Unit-Indication
    of_base(431, Type::grouped),            // Granted-Service-Unit
    of_base(432, Type::unsigned32),         // Rating-Group
    of_base(433, Type::unsigned32),         // Redirect-Address-Type
    of_base(434, Type::grouped),            // Redirect-Server
    of_base(435, Type::text),               // Redirect-Server-Address
    of_base(436, Type::unsigned32),         // Requested-Action
    of_base(437, Type::grouped),            // Requested-Service-Unit
    of_base(438, Type::octets),             // Restriction-Filter-Rule
    of_base(439, Type::unsigned32),         // Service-Identifier
    of_base(440, Type::grouped, false),     // Service-Parameter-Info
    of_base(441, Type::unsigned32, false),  // Service-Parameter-Type
    of_base(442, Type::octets, false),      // Service-Parameter-Value
    of_base(443, Type::grouped),            // Subscription-Id
    of_base(444, Type::text),               // Subscription-Id-Data
    of_base(445, Type::grouped),            // Unit-Value
    of_base(446, Type::grouped),            // Used-Service-Unit
    of_base(447, Type::integer64),          // Value-Digits
    of_base(448, Type::unsigned32),         // Validity-Time
    of_base(449, Type::unsigned32),         // Final-Unit-Action
    of_base(450, Type::unsigned32),         // Subscription-Id-Type
    of_base(451, Type::time),               // Tariff-Time-Change
    of_base(452, Type::unsigned32),         // Tariff-Change-Usage
    of_base(453, Type::unsigned32),         // G-S-U-Pool-Identifier
    of_base(454, Type::unsigned32),         // CC-Unit-Type
    of_base(455, Type::unsigned32),         // Multiple-Services-Indicator
    of_base(456, Type::grouped),            // Multiple-Services-Credit-Control
    of_base(457, Type::grouped),            // G-S-U-Pool-Reference
    of_base(458, Type::grouped, false),     // User-Equipment-Info
    of_base(459, Type::unsigned32, false),  // User-Equipment-Info-Type
    of_base(460, Type::octets, false),      // User-Equipment-Info-Value
    of_base(461, Type::text),               // Service-Context-Id
    of_base(621, Type::grouped, false),     // OC-Supported-Features
    of_base(653, Type::grouped, false),     // User-Equipment-Info-Extension
    of_base(654, Type::octets, false),      // User-Equipment-Info-IMEISV
    of_base(658, Type::octets, false),      // User-Equipment-Info-IMEI
    of_base(659, Type::grouped, false),     // Subscription-Id-Extension
    of_base(660, Type::text, false),        // Subscription-Id-E164
    of_base(661, Type::text, false),        // Subscription-Id-IMSI
    of_base(662, Type::text, false),        // Subscription-Id-SIP-URI
    of_base(663, Type::text, false),        // Subscription-Id-NAI
    of_base(664, Type::text, false),        // Subscription-Id-Private
    of_base(665, Type::grouped, false),     // Redirect-Server-Extension
    of_base(666, Type::address, false),     // Redirect-Address-IPAddress
    of_base(667, Type::text, false),        // Redirect-Address-URL
    of_base(668, Type::text, false),        // Redirect-Address-SIP-URI
    of_base(669, Type::grouped, false),     // QoS-Final-Unit-Indication
    of_3gpp(2, Type::octets),               // 3GPP-Charging-Id
    of_3gpp(3, Type::unsigned32),           // 3GPP-PDP-Type
    of_3gpp(8, Type::text),                 // 3GPP-IMSI-MCC-MNC
    of_3gpp(9, Type::text),                 // 3GPP-GGSN-MCC-MNC
    of_3gpp(10, Type::text),                // 3GPP-NSAPI
    of_3gpp(12, Type::text),                // 3GPP-Selection-Mode
    of_3gpp(13, Type::text),                // 3GPP-Charging-Characteristics
    of_3gpp(18, Type::text),                // 3GPP-SGSN-MCC-MNC
    of_3gpp(21, Type::octets),              // 3GPP-RAT-Type
    of_3gpp(22, Type::octets),              // 3GPP-User-Location-Info
    of_3gpp(23, Type::octets),              // 3GPP-MS-TimeZone
    of_3gpp(531, Type::text),               // Sponsor-Identity
    of_3gpp(628, Type::grouped),            // Supported-Features
    of_3gpp(630, Type::unsigned32),         // Feature-List
    of_3gpp(823, Type::grouped),            // Event-Type
    of_3gpp(829, Type::unsigned32),         // Role-Of-Node
    of_3gpp(830, Type::text),               // User-Session-Id
    of_3gpp(831, Type::text),               // Calling-Party-Address
    of_3gpp(832, Type::text),               // Called-Party-Address
    of_3gpp(833, Type::grouped),            // Time-Stamps
    of_3gpp(834, Type::time),               // SIP-Request-Timestamp
    of_3gpp(835, Type::time),               // SIP-Response-Timestamp
    of_3gpp(838, Type::grouped),            // Inter-Operator-Identifier
    of_3gpp(841, Type::text),               // IMS-Charging-Identifier
    of_3gpp(846, Type::address),            // CG-Address
    of_3gpp(847, Type::address),            // GGSN-Address
    of_3gpp(848, Type::address),            // Served-Party-IP-Address
    of_3gpp(861, Type::unsigned32),         // Cause-Code
    of_3gpp(862, Type::unsigned32),         // Node-Functionality
    of_3gpp(865, Type::grouped),            // PS-Furnish-Charging-Information
    of_3gpp(868, Type::unsigned32),         // Time-Quota-Threshold
    of_3gpp(869, Type::unsigned32),         // Volume-Quota-Threshold
    of_3gpp(870, Type::unsigned32),         // Trigger-Type
    of_3gpp(871, Type::unsigned32),         // Quota-Holding-Time
    of_3gpp(872, Type::unsigned32),         // Reporting-Reason
    of_3gpp(873, Type::grouped),            // Service-Information
    of_3gpp(874, Type::grouped),            // PS-Information
    of_3gpp(876, Type::grouped),            // IMS-Information
    of_3gpp(877, Type::grouped),            // MMS-Information
    of_3gpp(881, Type::unsigned32),         // Quota-Consumption-Time
    of_3gpp(889, Type::grouped),            // Message-Body
    of_3gpp(897, Type::text),               // Address-Data
    of_3gpp(899, Type::unsigned32),         // Address-Type
    of_3gpp(1004, Type::text),              // Charging-Rule-Base-Name
    of_3gpp(1016, Type::grouped),           // QoS-Information
    of_3gpp(1201, Type::grouped),           // Recipient-Address
    of_3gpp(1226, Type::unsigned32),        // Unit-Quota-Threshold
    of_3gpp(1227, Type::address),           // PDP-Address
    of_3gpp(1228, Type::address),           // SGSN-Address
    of_3gpp(1249, Type::grouped),           // Service-Specific-Info
    of_3gpp(1264, Type::grouped),           // Trigger
    of_3gpp(1265, Type::unsigned32),        // Base-Time-Interval
    of_3gpp(1266, Type::grouped),           // Envelope
    of_3gpp(1268, Type::unsigned32),        // Envelope-Reporting
    of_3gpp(1270, Type::grouped),           // Time-Quota-Mechanism
    of_3gpp(1271, Type::unsigned32),        // Time-Quota-Type
    of_3gpp(1278, Type::grouped),           // Offline-Charging
    of_3gpp(2000, Type::grouped),           // SMS-Information
    of_3gpp(2001, Type::integer32),         // Data-Coding-Scheme
    of_3gpp(2007, Type::unsigned32),        // SM-Message-Type
    of_3gpp(2008, Type::address),           // Originator-SCCP-Address
    of_3gpp(2009, Type::grouped),           // Originator-Interface
    of_3gpp(2016, Type::unsigned32),        // SMS-Node
    of_3gpp(2017, Type::address),           // SMSC-Address
    of_3gpp(2019, Type::unsigned32),        // Number-Of-Messages-Sent
    of_3gpp(2020, Type::unsigned32),        // Low-Balance-Indication
    of_3gpp(2021, Type::grouped),           // Remaining-Balance
    of_3gpp(2022, Type::octets),            // Refund-Information
    of_3gpp(2026, Type::grouped),           // Recipient-Info
    of_3gpp(2027, Type::grouped),           // Originator-Received-Address
    of_3gpp(2041, Type::time),              // Start-Time
    of_3gpp(2042, Type::time),              // Stop-Time
    of_3gpp(2047, Type::unsigned32),        // Serving-Node-Type
    of_3gpp(2050, Type::unsigned32),        // PDN-Connection-Charging-ID
    of_3gpp(2055, Type::unsigned32),        // AoC-Request-Type
    of_3gpp(2063, Type::unsigned32),        // Local-Sequence-Number
    of_3gpp(3904, Type::grouped),           // Announcement-Information
};
static_assert(std::ranges::is_sorted(kKnown, {}, &Known::key));

}  // namespace

const Known* known(Key key) {
    const auto* found = std::ranges::lower_bound(kKnown, key, {}, &Known::key);
    return found != std::end(kKnown) && found->key == key ? found : nullptr;
}

}  // namespace farthing::diameter

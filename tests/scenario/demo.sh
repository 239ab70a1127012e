#!/usr/bin/env bash
# The stories as a newcomer sees them: each figure of the smart-city story must stand in what the demonstration prints.
set -euo pipefail
farthing=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$farthing" demo sim-pool --dir "$folder" >"$folder/sim-pool.txt"
"$farthing" demo multiline --dir "$folder" >"$folder/multiline.txt"
"$farthing" demo wholesale-voip --dir "$folder" >"$folder/wholesale-voip.txt"
"$farthing" demo convergent --dir "$folder" >"$folder/convergent.txt"
"$farthing" demo prepaid-cap --dir "$folder" >"$folder/prepaid-cap.txt"
"$farthing" demo smart-city --lamps 200 --dir "$folder" >"$folder/smart-city.txt"
expect() {
    grep -qF -- "$2" "$folder/$1.txt" || { echo "$1 does not say \"$2\":"; cat "$folder/$1.txt"; exit 1; }
}
expect convergent "588.59"
expect prepaid-cap "500 pass, 4500 are refused"
expect prepaid-cap "19.90 EUR left, 50.10 of the cap of 70.00 spent, 3 alerts"
expect sim-pool "20 MB × 0.05 per MB = 1.00"
expect multiline "10 × 5.00 × 16/31 = 25.8064"
expect multiline "55 × 5.00 × 4/28 = 39.2857"
expect multiline "cost 0.09045 at voxa, charged 0.09045 to the client"
expect multiline "missing_at_ours v-4"
expect wholesale-voip "sold 105.00 − carried 101.25 = 3.75"
expect wholesale-voip "example 447 United Kingdom mobile: sold 85.00, carried 90.00, margin -5.00"
expect wholesale-voip "cheaper: 4477"
expect smart-city "8 640 000 of lamps"
expect smart-city "8 664 601 records = 3 900 600 rated + 4 609 800 zero_rated + 24 480 duplicate + 129 721 suspended"
expect smart-city "net 591.13"
expect smart-city "net 600.13"
expect smart-city "energy rounded per event would be: 0.00"
expect smart-city "own 420.09 · lamp-vendor 180.04 · of 600.13"
expect smart-city "reading_stuck: light of L-000066 stayed at 42 from 2026-05-31T21:00:00Z to 2026-06-30T20:59:00Z"
expect smart-city "(43 200 records), while that of 199 of 199 other devices changed"
expect smart-city "unknown_device: device SIM-77 sent 120 records from 2026-06-19T23:00:00Z to 2026-06-20T00:59:00Z"

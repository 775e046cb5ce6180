-- The currency that the shop has at the end of an import: amounts in another one were left out.
update imports
set currency = $currency
where import_id = $import_id

-- Which amounts in another currency were kept aside?
insert into foreign_amounts (import_id, file, currency, lines, units, cents)
select $import_id, $file, $currency, $lines, $units, $cents

-- What did the import infer of the shop, and what shows it?
insert into facts (name, value, evidence, import_id, inferred_at)
select $setting, $value, $evidence, $import_id, $inferred_at

-- What did one step of an import do: store one file's rows in one table, or infer the facts?
insert into journal (import_id, part, step, table_name, file, record)
select $import_id, $part, $step, $table_name, $file, $record

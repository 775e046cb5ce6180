-- What became of one file's rows for one table?
insert into imports (
    import_id, imported_at, file, sha256, preset, table_name, rows_read, rows_kept, rows_dropped, rows_quarantined,
    first_day, last_day, mapping_sha256, currency, rows_set_aside, key_sha256
)
select
    $import_id, $imported_at, $file, $sha256, $preset, $table_name, $rows_read, $rows_kept, $rows_dropped, $rows_quarantined,
    $first_day, $last_day, $mapping_sha256, $currency, $rows_set_aside, $key_sha256

-- Which snapshot is this: shop, model, day of the data?
select snapshot, model, as_of, code_version, created_at, shop, currency, signal, segment_attribute from meta

-- Some forecasts name a segment that the segments table lacks.
select distinct f.segment
from read_parquet($forecasts) as f
anti join read_parquet($segments) as s on s.segment = f.segment

-- segments: a forecast names a segment that is not there
select distinct f.segment
from read_parquet($forecasts) as f
anti join read_parquet($segments) as s on s.segment = f.segment

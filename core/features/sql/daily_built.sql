-- Under which meaning (signal, segment attribute, code version) was the daily aggregate built?
select meaning from daily_built

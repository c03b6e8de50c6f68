package dev.bellows.jobs.block;

import dev.bellows.jobs.config.SourceConfig;
import dev.bellows.jobs.config.SourceConfig.CsvOptions;
import dev.bellows.jobs.table.Preprocess;

/** Column names for files without a header: those of the training source. */
final class ModelColumns {
  private ModelColumns() {}

  static SourceConfig named(SourceConfig source, Preprocess preprocess) {
    CsvOptions csv = source.csv();
    if (source.format() != SourceConfig.Format.CSV || csv.header() || !csv.columns().isEmpty()) {
      return source;
    }
    CsvOptions named =
        new CsvOptions(
            false,
            csv.separator(),
            csv.quote(),
            csv.escape(),
            csv.trim(),
            csv.na(),
            preprocess.sourceColumns(),
            csv.encoding());
    return new SourceConfig(
        source.format(),
        source.path(),
        source.images(),
        source.labels(),
        named,
        source.libsvm(),
        source.schemaFromModel());
  }
}

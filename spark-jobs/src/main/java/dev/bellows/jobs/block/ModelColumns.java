package dev.bellows.jobs.block;

import dev.bellows.jobs.config.SourceConfig;
import dev.bellows.jobs.config.SourceConfig.CsvOptions;
import dev.bellows.jobs.source.ListRule;
import dev.bellows.jobs.table.Preprocess;

/** Columns of a source as the training source had them: names without a header, lists. */
final class ModelColumns {
  private ModelColumns() {}

  /** What arrays and vectors are to a model. */
  static ListRule lists(Preprocess preprocess) {
    return ListRule.model(preprocess.sourceColumns(), preprocess.sparse() != null);
  }

  static SourceConfig named(SourceConfig source, Preprocess preprocess) {
    CsvOptions csv = source.csv();
    if (source.format() != SourceConfig.Format.CSV || csv.header() || !csv.columns().isEmpty()) {
      return source;
    }
    CsvOptions named = csv.withColumns(preprocess.sourceColumns());
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

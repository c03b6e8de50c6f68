package dev.bellows.jobs.block;

import dev.bellows.jobs.config.SourceConfig;
import dev.bellows.jobs.config.SourceConfig.CsvOptions;
import dev.bellows.jobs.source.ListRule;
import dev.bellows.jobs.table.ImageInput;
import dev.bellows.jobs.table.Preprocess;
import dev.bellows.jobs.table.TextColumn;
import java.util.stream.Collectors;

/** Columns of a source as the training source had them: names without a header, lists. */
public final class ModelColumns {
  private ModelColumns() {}

  /** What arrays, vectors, texts and sounds are to a model. */
  public static ListRule lists(Preprocess preprocess) {
    ImageInput image = preprocess.image();
    return ListRule.model(
        preprocess.sourceColumns(),
        preprocess.sparse() != null,
        preprocess.texts().stream()
            .collect(Collectors.toMap(TextColumn::name, TextColumn::tokenizer)),
        image == null ? null : image.sound());
  }

  static SourceConfig named(SourceConfig source, Preprocess preprocess) {
    CsvOptions csv = source.csv();
    if (source.format() != SourceConfig.Format.CSV || csv.header() || !csv.columns().isEmpty()) {
      return source;
    }
    return source.withCsv(csv.withColumns(preprocess.sourceColumns()));
  }
}

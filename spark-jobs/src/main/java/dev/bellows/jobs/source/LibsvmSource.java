package dev.bellows.jobs.source;

import dev.bellows.jobs.config.SourceConfig.LibsvmOptions;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** LibSVM files: a column {@code label} and a sparse part. */
final class LibsvmSource extends TextSource {
  private final LibsvmOptions options;

  LibsvmSource(SparkSession session, SourceFiles files, LibsvmOptions options) {
    super(session, files);
    this.options = options;
  }

  @Override
  public List<String> columns() {
    return List.of("label");
  }

  @Override
  public boolean sparse() {
    return true;
  }

  @Override
  public int sparseWidth() {
    return options.features();
  }

  @Override
  LineParser parser() {
    return new LibsvmParser(options);
  }

  @Override
  public Dataset<Row> rows() {
    RawSchema schema =
        new RawSchema(columns(), List.of(RawSchema.CellKind.NUMBER), List.of(), true, -1);
    StructType type =
        new StructType()
            .add("label", DataTypes.DoubleType, true)
            .add("indices", DataTypes.createArrayType(DataTypes.IntegerType, false), false)
            .add("values", DataTypes.createArrayType(DataTypes.FloatType, false), false);
    return session.createDataFrame(
        blocks(schema)
            .flatMap(
                block -> {
                  if (block.failure() != null || block.badRows() > 0) {
                    throw new DataException(
                        block.failure() != null
                            ? block.failure()
                            : block.firstBadRows().get(0).file()
                                + " at byte "
                                + block.firstBadRows().get(0).position()
                                + ": "
                                + block.firstBadRows().get(0).problem());
                  }
                  java.util.ArrayList<Row> out = new java.util.ArrayList<>(block.rows());
                  for (int r = 0; r < block.rows(); r++) {
                    int from = block.rowPointers()[r];
                    int n = block.rowPointers()[r + 1] - from;
                    Integer[] indices = new Integer[n];
                    Float[] values = new Float[n];
                    for (int i = 0; i < n; i++) {
                      indices[i] = block.sparseColumns()[from + i];
                      values[i] = block.sparseValues()[from + i];
                    }
                    double label = block.column(0).numbers()[r];
                    out.add(RowFactory.create(Double.isNaN(label) ? null : label, indices, values));
                  }
                  return out.iterator();
                }),
        type);
  }
}

package dev.bellows.engine.model;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is written to a model folder.
 *
 * @param task e.g. "classification"
 * @param network the structure as a JSON tree
 * @param preprocess the fitted preparation of the input as a JSON tree
 * @param provenance where the model comes from
 * @param values the flat vector
 * @param segments its parts, contiguous from 0
 * @param card the text of MODEL_CARD.md; see {@link ModelCard}
 */
@SuppressWarnings("ArrayRecordComponent") // the flat vector itself, never compared
public record ModelContents(
    String task,
    Map<String, @Nullable Object> network,
    Map<String, @Nullable Object> preprocess,
    Provenance provenance,
    float[] values,
    List<WeightSegment> segments,
    String card) {}

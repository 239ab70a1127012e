// Rows are gathered per row group, put in the order of their subscriptions (a device's regular
// reports then shrink to almost nothing) and written column by column.
#include <algorithm>
#include <array>
#include <bit>

#include "base/assert.h"
#include "store/archive.h"
#include "store/files.h"
#include "store/parquet_writer.h"

namespace farthing::store {

namespace {

constexpr std::size_t kGroupRows = 256 * 1024;  // a column of it fits in the second cache
constexpr std::size_t kSuspendedBytesMax = 16 << 20;

// Texts of a row group; costs nothing while all are empty.
class Texts {
  public:
    // REQUIRES: rows come in order.
    void add(std::size_t row, std::string_view text) {
        if (text.empty()) return;
        starts_.resize(row + 1, bytes_.size());
        bytes_ += text;
    }
    void clear() {
        bytes_.clear();
        starts_.clear();
    }
    bool empty() const { return bytes_.empty(); }
    std::string_view at(std::size_t row) const {
        if (row >= starts_.size()) return {};
        const std::size_t end = row + 1 < starts_.size() ? starts_[row + 1] : bytes_.size();
        return std::string_view(bytes_).substr(starts_[row], end - starts_[row]);
    }

  private:
    std::string bytes_;
    std::vector<std::size_t> starts_;
};

// `order[i]` is the row that comes i-th when rows are sorted by key; equal keys keep their order.
// Empty: sorted already.
std::vector<std::uint32_t> stable_order(const std::vector<std::uint32_t>& keys) {
    if (std::is_sorted(keys.begin(), keys.end())) return {};
    constexpr unsigned kDigitBits = 11;
    constexpr std::uint32_t kDigits = 1U << kDigitBits;
    std::vector<std::uint32_t> order(keys.size());
    std::vector<std::uint32_t> next(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) order[i] = static_cast<std::uint32_t>(i);
    const std::uint32_t largest = *std::max_element(keys.begin(), keys.end());
    for (unsigned shift = 0; shift < 32 && (largest >> shift) != 0; shift += kDigitBits) {
        std::array<std::uint32_t, kDigits + 1> starts{};
        for (const std::uint32_t key : keys) starts[((key >> shift) & (kDigits - 1)) + 1] += 1;
        for (std::size_t digit = 1; digit <= kDigits; ++digit) starts[digit] += starts[digit - 1];
        for (const std::uint32_t row : order)
            next[starts[(keys[row] >> shift) & (kDigits - 1)]++] = row;
        order.swap(next);
    }
    return order;
}

template <class To, class From>
To bits_of(const From& from) {
    if constexpr (std::is_class_v<From>) {
        return std::bit_cast<To>(from);  // an id or an instant is its number
    } else {
        return static_cast<To>(from);
    }
}

// Appends the rows `keep` of a column, or all of it.
template <class To, class From>
void take(std::vector<To>& to, const std::vector<From>& from,
          const std::vector<std::uint32_t>& keep, bool all) {
    const std::size_t old = to.size();
    if (all) {
        to.resize(old + from.size());
        for (std::size_t i = 0; i < from.size(); ++i) to[old + i] = bits_of<To>(from[i]);
        return;
    }
    to.resize(old + keep.size());
    for (std::size_t i = 0; i < keep.size(); ++i) to[old + i] = bits_of<To>(from[keep[i]]);
}

// Writes the columns of one row group in a given order.
class GroupWriter {
  public:
    GroupWriter(ParquetWriter& writer, std::size_t rows, const std::vector<std::uint32_t>& order)
        : writer_(writer), rows_(rows), order_(order) {
        done_ = writer_.begin_group();
    }
    template <class T>
    GroupWriter& operator()(const std::vector<T>& column) {
        if constexpr (sizeof(T) == 8) {
            ordered(column, wide_);
        } else {
            ordered(column, narrow_);
        }
        return *this;
    }
    GroupWriter& constant(std::uint32_t value) {
        if (!done_) return *this;
        narrow_.assign(rows_, static_cast<std::int32_t>(value));
        done_ = writer_.write(narrow_);
        return *this;
    }
    GroupWriter& operator()(const Texts& texts) {
        if (!done_) return *this;
        if (texts.empty()) {
            done_ = writer_.write_nulls(rows_);
            return *this;
        }
        texts_.resize(rows_);
        for (std::size_t i = 0; i < rows_; ++i)
            texts_[i] = texts.at(order_.empty() ? i : order_[i]);
        done_ = writer_.write(texts_);
        return *this;
    }
    const Result<void>& done() const { return done_; }

  private:
    template <class T, class Physical>
    void ordered(const std::vector<T>& column, std::vector<Physical>& scratch) {
        FARTHING_ASSERT(column.size() == rows_);
        if (!done_) return;
        scratch.resize(rows_);
        if (order_.empty()) {
            for (std::size_t i = 0; i < rows_; ++i) scratch[i] = static_cast<Physical>(column[i]);
        } else {
            for (std::size_t i = 0; i < rows_; ++i)
                scratch[i] = static_cast<Physical>(column[order_[i]]);
        }
        done_ = writer_.write(scratch);
    }

    ParquetWriter& writer_;
    std::size_t rows_;
    const std::vector<std::uint32_t>& order_;
    Result<void> done_;
    std::vector<std::int32_t> narrow_;
    std::vector<std::int64_t> wide_;
    std::vector<std::string_view> texts_;
};

// As people write it in hexadecimal: the high half first, most significant byte first.
std::string bytes_of(Hash128 hash) {
    std::string bytes;
    for (const std::uint64_t half : {hash.high, hash.low}) {
        for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(half >> shift);
    }
    return bytes;
}

struct UsageRows {
    std::vector<std::int64_t> row, line, start, end, quantity, reading_1, reading_2;
    std::vector<std::uint32_t> source, subscription, network;
    std::vector<std::uint16_t> meter;
    std::vector<std::uint8_t> outcome, reason, last_part, unanswered;
    Texts called, calling, id, session, key;

    std::size_t size() const { return row.size(); }
    void add(const UsageChunk& chunk, std::int64_t first_row,
             const std::vector<std::uint32_t>& keep) {
        const bool all = keep.size() == chunk.size();
        const std::size_t old = row.size();
        for (const std::uint32_t index : keep) row.push_back(first_row + index);
        source.resize(row.size(), chunk.source.value);
        take(line, chunk.line, keep, all);
        take(subscription, chunk.subscription, keep, all);
        take(meter, chunk.meter, keep, all);
        take(start, chunk.start, keep, all);
        take(end, chunk.end, keep, all);
        take(quantity, chunk.quantity, keep, all);
        take(network, chunk.network, keep, all);
        take(reading_1, chunk.reading[0], keep, all);
        take(reading_2, chunk.reading[1], keep, all);
        take(outcome, chunk.outcome, keep, all);
        take(reason, chunk.reason, keep, all);
        for (std::size_t i = 0; i < keep.size(); ++i) {
            called.add(old + i, chunk.called[keep[i]]);
            calling.add(old + i, chunk.calling[keep[i]]);
            id.add(old + i, chunk.id[keep[i]]);
        }
        last_part.resize(row.size(), 0);
        if (chunk.in_parts) add_parts(chunk, keep, old);
        unanswered.resize(row.size(), 0);
        for (std::size_t i = 0; i < keep.size() && chunk.tells_answer; ++i)
            unanswered[old + i] = chunk.unanswered[keep[i]];
        for (std::size_t i = 0; i < keep.size() && chunk.keeps_key; ++i)
            key.add(old + i, bytes_of(chunk.key[keep[i]]));
    }
    void add_parts(const UsageChunk& chunk, const std::vector<std::uint32_t>& keep,
                   std::size_t old) {
        for (std::size_t i = 0; i < keep.size(); ++i) {
            last_part[old + i] = chunk.last_part[keep[i]];
            if (chunk.session[keep[i]] != Hash128{})
                session.add(old + i, bytes_of(chunk.session[keep[i]]));
        }
    }
    Result<void> write(ParquetWriter& writer, BatchId batch) const {
        const std::vector<std::uint32_t> order = stable_order(subscription);
        GroupWriter group(writer, size(), order);
        group.constant(batch.value)(row)(
            source)(line)(subscription)(meter)(start)(end)(quantity)(network)(called)(calling)(id)(reading_1)(reading_2)(outcome)(reason)(session)(last_part);
        group(unanswered)(key);
        return group.done();
    }
};

struct RatedRows {
    std::vector<std::int64_t> row, segment_start, start, billable, from, to, charge_atoms,
        fee_atoms, below_quantity;
    std::vector<std::uint64_t> item;
    std::vector<std::uint32_t> subscription, payer, component, version, owner, record_batch;
    std::vector<std::int32_t> window_first, window_end, below, fees;
    std::vector<std::uint8_t> perspective, owner_kind, taken_back;
    Texts days;

    std::size_t size() const { return row.size(); }
    // Rows of corrections name their records; others are of the chunk's.
    void add_records(const UsageChunk& usage, const RatedChunk& rated, std::int64_t first_row,
                     BatchId batch) {
        if (!rated.record.empty()) {
            for (const RecordRef& record : rated.record) {
                row.push_back(record.row);
                record_batch.push_back(record.row < 0 ? batch.value : record.batch.value);
            }
            taken_back.insert(taken_back.end(), rated.taken_back.begin(), rated.taken_back.end());
            return;
        }
        for (std::size_t i = 0; i < rated.size(); ++i) {
            const bool has_record = rated.row[i] < usage.size();
            row.push_back(has_record ? first_row + rated.row[i] : -1);
        }
        record_batch.resize(row.size(), batch.value);
        taken_back.resize(row.size(), 0);
    }
    void add_days(const RatedChunk& rated, std::size_t first) {
        std::string text;
        for (std::size_t i = 0; i < rated.days.size(); ++i) {
            const auto& [of, part] = rated.days[i];
            if (!text.empty()) text += ',';
            text += std::to_string(part.day) + ':' + std::to_string(part.billable);
            if (i + 1 < rated.days.size() && rated.days[i + 1].first == of) continue;
            days.add(first + of, text);
            text.clear();
        }
    }
    void add(const UsageChunk& usage, const RatedChunk& rated, std::int64_t first_row,
             BatchId batch) {
        const std::vector<std::uint32_t> none;
        if (!rated.days.empty()) add_days(rated, size());
        add_records(usage, rated, first_row, batch);
        take(start, rated.when, none, true);
        take(fees, rated.fees, none, true);
        take(perspective, rated.perspective, none, true);
        take(subscription, rated.subscription, none, true);
        take(payer, rated.payer, none, true);
        take(component, rated.component, none, true);
        take(version, rated.version, none, true);
        take(owner_kind, rated.owner_kind, none, true);
        take(owner, rated.owner, none, true);
        take(item, rated.item, none, true);
        take(window_first, rated.window_first, none, true);
        take(window_end, rated.window_end, none, true);
        take(segment_start, rated.segment_start, none, true);
        take(billable, rated.billable, none, true);
        take(from, rated.from, none, true);
        take(to, rated.to, none, true);
        take(charge_atoms, rated.charge_atoms, none, true);
        take(fee_atoms, rated.fee_atoms, none, true);
        take(below, rated.below, none, true);
        take(below_quantity, rated.below_quantity, none, true);
    }
    Result<void> write(ParquetWriter& writer, BatchId batch, Currency currency) const {
        const std::vector<std::uint32_t> order = stable_order(subscription);
        GroupWriter group(writer, size(), order);
        group.constant(batch.value)(row)(
            perspective)(subscription)(payer)(component)(version)(owner_kind)(owner)(item)(window_first)(window_end)(segment_start)(start)(billable)(from)(to)(charge_atoms)(fee_atoms);
        group.constant(currency.numeric())(below)(
            below_quantity)(fees)(record_batch)(days)(taken_back);
        return group.done();
    }
};

struct SuspendedRows {
    std::vector<std::int64_t> line;
    std::vector<std::uint32_t> group, source;
    Texts raw;
    std::size_t bytes = 0;

    std::size_t size() const { return line.size(); }
    void add(const UsageChunk& chunk, std::size_t index, std::uint32_t in_group) {
        raw.add(size(), chunk.raw[index]);
        bytes += chunk.raw[index].size();
        line.push_back(chunk.line[index]);
        group.push_back(in_group);
        source.push_back(chunk.source.value);
    }
    Result<void> write(ParquetWriter& writer, BatchId batch) const {
        const std::vector<std::uint32_t> as_it_came;
        GroupWriter out(writer, size(), as_it_came);
        out.constant(batch.value)(group)(source)(line)(raw);
        return out.done();
    }
};

struct WithdrawnRows {
    std::vector<std::int64_t> row, line;
    std::vector<std::uint32_t> record_batch, source, subscription;
    std::vector<std::uint8_t> again;

    std::size_t size() const { return row.size(); }
    void add(const WithdrawnRow& one) {
        record_batch.push_back(one.record.batch.value);
        row.push_back(one.record.row);
        source.push_back(one.source.value);
        line.push_back(one.line);
        subscription.push_back(one.subscription.value);
        again.push_back(one.again ? 1 : 0);
    }
    Result<void> write(ParquetWriter& writer, BatchId batch) const {
        const std::vector<std::uint32_t> order = stable_order(subscription);
        GroupWriter group(writer, size(), order);
        group.constant(batch.value)(record_batch)(row)(source)(line)(subscription)(again);
        return group.done();
    }
};

bool archived(Outcome outcome) {
    switch (outcome) {
        case Outcome::rated:
        case Outcome::zero_rated:
        case Outcome::aggregated:
        case Outcome::pending:
        case Outcome::open_partial:
        case Outcome::duplicate: return true;
        case Outcome::suspended:               // kept as it was received, in its own table
        case Outcome::filtered:                // its feed does not want it
        case Outcome::rejected: return false;  // the whole file was refused
    }
    return false;
}

}  // namespace

struct ArchiveWriter::State {
    std::filesystem::path folder;
    BatchId batch;
    Currency currency;
    UsageRows usage;
    RatedRows rated;
    SuspendedRows suspended;
    WithdrawnRows withdrawn;
    std::optional<ParquetWriter> usage_file;  // opened by its first row group
    std::optional<ParquetWriter> rated_file;
    std::optional<ParquetWriter> suspended_file;
    std::optional<ParquetWriter> withdrawn_file;
    std::vector<std::uint32_t> keep;

    // Writes the gathered rows as a row group and forgets them.
    template <class Rows, class... More>
    Result<void> flush(Rows& rows, std::optional<ParquetWriter>& file, const ArchiveTable& table,
                       More... more) {
        if (rows.size() == 0) return {};
        if (!file) {
            FARTHING_TRY(ParquetWriter opened, ParquetWriter::open(folder, table));
            file.emplace(std::move(opened));
        }
        const Result<void> written = rows.write(*file, batch, more...);
        rows = Rows();
        return written;
    }
    Result<void> flush_usage() { return flush(usage, usage_file, kUsageTable); }
    Result<void> flush_rated() { return flush(rated, rated_file, kRatedTable, currency); }
    Result<void> flush_withdrawn() { return flush(withdrawn, withdrawn_file, kWithdrawnTable); }
    Result<void> flush_suspended() { return flush(suspended, suspended_file, kSuspendedTable); }
};

ArchiveWriter::ArchiveWriter(std::filesystem::path folder, BatchId batch, Currency currency)
    : state_(std::make_unique<State>()) {
    state_->folder = std::move(folder);
    state_->batch = batch;
    state_->currency = currency;
}
ArchiveWriter::~ArchiveWriter() = default;

Result<void> ArchiveWriter::append(const UsageChunk& usage, const RatedChunk& rated,
                                   std::int64_t first_row,
                                   const std::vector<std::uint32_t>& suspense_group) {
    State& state = *state_;
    state.keep.clear();
    for (std::size_t i = 0; i < usage.size(); ++i) {
        if (archived(usage.outcome[i])) {
            state.keep.push_back(static_cast<std::uint32_t>(i));
        } else if (usage.outcome[i] == Outcome::suspended) {
            FARTHING_ASSERT(i < suspense_group.size());
            state.suspended.add(usage, i, suspense_group[i]);
        }
    }
    state.usage.add(usage, first_row, state.keep);
    state.rated.add(usage, rated, first_row, state.batch);
    if (state.usage.size() >= kGroupRows) FARTHING_CHECK(state.flush_usage());
    if (state.rated.size() >= kGroupRows) FARTHING_CHECK(state.flush_rated());
    const bool full =
        state.suspended.size() >= kGroupRows || state.suspended.bytes >= kSuspendedBytesMax;
    if (full) FARTHING_CHECK(state.flush_suspended());
    return {};
}

Result<void> ArchiveWriter::withdraw(const WithdrawnRow& row) {
    state_->withdrawn.add(row);
    return state_->withdrawn.size() >= kGroupRows ? state_->flush_withdrawn() : Result<void>();
}

Result<std::vector<ArchiveFile>> ArchiveWriter::finish() {
    FARTHING_CHECK(state_->flush_usage());
    FARTHING_CHECK(state_->flush_rated());
    FARTHING_CHECK(state_->flush_suspended());
    FARTHING_CHECK(state_->flush_withdrawn());
    std::vector<ArchiveFile> files;
    for (std::optional<ParquetWriter>* file : {&state_->usage_file, &state_->rated_file,
                                               &state_->suspended_file, &state_->withdrawn_file}) {
        if (!*file) continue;
        FARTHING_TRY(ArchiveFile finished, (*file)->finish());
        files.push_back(std::move(finished));
    }
    return files;
}

Result<ArchiveFile> write_blob(const std::filesystem::path& folder, const std::string& table,
                               std::string_view bytes) {
    FileWriter file;
    FARTHING_CHECK(file.create(folder / table));
    FARTHING_CHECK(file.write(bytes));
    ArchiveFile result;
    FARTHING_TRY(result.hash, file.keep(""));
    result.table = table;
    result.path = table + "/" + result.hash;
    result.bytes = file.size();
    return result;
}

}  // namespace farthing::store

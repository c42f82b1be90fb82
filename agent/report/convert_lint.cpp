#include "agent/report/convert.h"
#include "agent/report/convert_parts.h"
#include "agent/report/utf8.h"

namespace sextant::report {

v1alpha1::LintReport to_message(const LintView& view) {
  v1alpha1::LintReport message;
  message.set_policies(static_cast<std::uint32_t>(view.policies));
  message.set_silenced(static_cast<std::uint32_t>(view.silenced));
  message.set_cilium_release(view.cilium_release);
  for (const LintRemark& remark : view.remarks) {
    v1alpha1::Remark& out = *message.add_remarks();
    out.set_code(remark.code);
    out.set_severity(detail::word(remark.severity));
    out.set_title(remark.title);
    *out.mutable_policy() = to_message(remark.policy);
    out.set_message(utf8(remark.message));
    out.set_fix(utf8(remark.fix));
  }
  return message;
}

}  // namespace sextant::report
